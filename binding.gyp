# For prebuildify; developers build with CMakeLists.txt. Both compile whatever lies in native/.
{
  "targets": [
    {
      "target_name": "ghostnet",
      "sources": [
        "<!@(node -p \"require('fs').readdirSync('native', { recursive: true }).filter((file) => file.endsWith('.cc')).sort().map((file) => 'native/' + file.split(require('path').sep).join('/')).join(' ')\")"
      ],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS",
                  "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED"],
      "cflags!": ["-O2"],
      # Memory is short in many places: std::bad_alloc is caught where it can occur.
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++17", "-O3", "-fvisibility=hidden", "-fno-math-errno"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "msvs_settings": {
        "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "ExceptionHandling": 1, "Optimization": 2 }
      },
      "conditions": [
        # Only Node's entry points are seen from outside: the C++ library linked in stays our own.
        ["OS=='linux'", {
          "cflags": ["-ffunction-sections", "-fdata-sections"],
          "ldflags": ["-Wl,--gc-sections", "-Wl,--version-script=<(module_root_dir)/native/binding/exports.map"],
          "libraries": ["-lpthread"]
        }]
      ]
    }
  ]
}
