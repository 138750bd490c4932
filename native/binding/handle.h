// JavaScript objects that own something of ours.
#pragma once

#include <napi.h>

#include <memory>

namespace ghostnet {

class Environment;
template <class T>
class Use;

/// What the JavaScript object points to.
class Handle {
 public:
  virtual ~Handle() = default;
  /// Frees what it holds, as soon as nothing is under way. May be called again.
  void close(napi_env env);
  /// The environment ends: frees what it holds, come what may. What is under way must have been told to stop.
  void leave();
  /// V8 sees only the small object; told how much memory it stands for, it collects forgotten ones in time.
  void report(napi_env env, int64_t bytes);

 protected:
  /// An object with these functions. Takes the handle over where it succeeds; undefined where the environment is
  /// ending. May throw std::bad_alloc.
  static Napi::Value wrap(Napi::Env env, std::unique_ptr<Handle> handle, const napi_type_tag& tag,
                          const napi_property_descriptor* functions, size_t count);
  /// Null where the value is no object with this tag.
  static Handle* find(napi_env env, napi_value object, const napi_type_tag& tag);
  bool closing() const { return closing_; }

 private:
  template <class T>
  friend class Use;
  static void finalize(napi_env env, void* data, void* hint);
  virtual void free() noexcept = 0;

  Environment* environment_ = nullptr;  // null once that has ended
  int under_way_ = 0;
  bool closing_ = false;
  int64_t reported_bytes_ = 0;
};

template <class T>
class Owner final : public Handle {
 public:
  explicit Owner(std::unique_ptr<T> owned) : owned_(std::move(owned)) {}

  template <size_t N>
  static Napi::Value wrap(Napi::Env env, std::unique_ptr<T> owned, const napi_property_descriptor (&functions)[N]) {
    return Handle::wrap(env, std::make_unique<Owner>(std::move(owned)), kTag, functions, N);
  }
  static Owner* of(napi_env env, napi_value object) { return static_cast<Owner*>(find(env, object, kTag)); }
  /// Of the object whose function is called; null where that is closed.
  static Owner* open(const Napi::CallbackInfo& info) {
    Owner* const owner = of(info.Env(), info.This());
    return owner && owner->get() ? owner : nullptr;
  }
  /// close(): a function of the object.
  static Napi::Value close(const Napi::CallbackInfo& info) {
    if (Owner* const owner = of(info.Env(), info.This())) owner->Handle::close(info.Env());
    return info.Env().Undefined();
  }
  /// Null once it is closed.
  T* get() { return closing() ? nullptr : owned_.get(); }

 private:
  friend class Use<T>;
  static const napi_type_tag kTag;
  void free() noexcept override { owned_.reset(); }

  std::unique_ptr<T> owned_;
};

/// Keeps something, and the JavaScript object that owns it, for a call that is under way. JavaScript thread.
template <class T>
class Use {
 public:
  Use(Napi::Object object, Owner<T>* owner) : object_(Napi::Persistent(object)), owner_(owner) { ++owner_->under_way_; }
  ~Use() {
    if (--owner_->under_way_ == 0 && owner_->closing_) owner_->Handle::close(object_.Env());
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  T& operator*() const { return *owner_->owned_; }
  T* operator->() const { return owner_->owned_.get(); }

 private:
  Napi::ObjectReference object_;
  Owner<T>* owner_;
};

inline napi_property_descriptor method(const char* name, napi_callback function) {
  return {name, nullptr, function, nullptr, nullptr, nullptr, napi_default, nullptr};
}

}  // namespace ghostnet
