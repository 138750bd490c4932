// A binary that carries libc++ inside would carry a tenth of itself in code that makes C++ names readable for the message
// with which an uncaught exception ends a process. The C++ library is told that it cannot read them; nothing else asks.
// LLVM builds its own library like this where LIBCXXABI_NON_DEMANGLING_TERMINATE is set.
#include <cstddef>

#if defined(__linux__) && defined(_LIBCPP_VERSION)

extern "C" char* __cxa_demangle(const char*, char*, size_t*, int* status) {
  constexpr int kNotAName = -2;
  if (status) *status = kNotAName;
  return nullptr;
}

#endif
