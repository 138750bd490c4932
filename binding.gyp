# For prebuildify; developers build with CMakeLists.txt. Both compile whatever lies in native/.
{
  "target_defaults": {
    "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
    "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS",
                "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED"],
    "cflags!": ["-O2"],
    # Memory is short in many places: std::bad_alloc is caught where it can occur.
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++17", "-fvisibility=hidden", "-fno-math-errno"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    },
    "msvs_settings": {
      "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "ExceptionHandling": 1, "Optimization": 2 }
    },
    "conditions": [
      ["OS=='linux'", { "cflags": ["-ffunction-sections", "-fdata-sections"] }]
    ]
  },
  "targets": [
    {
      # Nothing in them throws: without tables for what would pass through, the binary is a sixtieth smaller.
      "target_name": "ghostnet_kernels",
      "type": "static_library",
      # An archive that names its objects by their paths is not understood by every linker.
      "standalone_static_library": 1,
      "sources": ["<!@(node -p \"require('fs').readdirSync('native/kernels').filter((name) => !/[.]|plain|generic/.test(name)).sort().map((name) => 'native/kernels/' + name + '/kernels.cc').join(' ')\")"],
      # Not among cflags_cc, from which the first is taken out.
      "cflags": ["-fno-exceptions", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"],
      "cflags_cc": ["-O3"],
      "xcode_settings": { "GCC_OPTIMIZATION_LEVEL": "3" }
    },
    {
      "target_name": "ghostnet_engine",
      "type": "static_library",
      "standalone_static_library": 1,
      "sources": ["<!@(node -p \"require('fs').readdirSync('native', { recursive: true }).map((file) => file.split(require('path').sep).join('/')).filter((file) => file.endsWith('.cc') && !/^(binding[/]|fuse[/]|operators[/]|run[/]|(builder|model)[.]|kernels[/].*[/]|plan[/](layouts|lower|placement|planner|schedule|weight_store)[.]|platform[/](affinity|caches|cgroup|cpu|system_file)[.]|preprocess[/]geometry[.]|stages[/](adaptive_pool|conv|reference|transpose|winograd_conv)[.])/.test(file)).sort().map((file) => 'native/' + file).join(' ')\")"],
      "cflags_cc": ["-O3"],
      "xcode_settings": { "GCC_OPTIMIZATION_LEVEL": "3" }
    },
    {
      # What begins and ends calls, makes plans and points kernels to rows is not hot, and neither are the plain kernels, which
      # -Os makes no slower.
      "target_name": "ghostnet",
      "dependencies": ["ghostnet_engine", "ghostnet_kernels"],
      "sources": ["<!@(node -p \"require('fs').readdirSync('native', { recursive: true }).map((file) => file.split(require('path').sep).join('/')).filter((file) => file.endsWith('.cc') && /^(binding[/]|fuse[/]|operators[/]|run[/]|(builder|model)[.]|kernels[/]plain[/]|plan[/](layouts|lower|placement|planner|schedule|weight_store)[.]|platform[/](affinity|caches|cgroup|cpu|system_file)[.]|preprocess[/]geometry[.]|stages[/](adaptive_pool|conv|reference|transpose|winograd_conv)[.])/.test(file)).sort().map((file) => 'native/' + file).join(' ')\")"],
      "cflags_cc": ["-Os"],
      "xcode_settings": { "GCC_OPTIMIZATION_LEVEL": "s" },
      "conditions": [
        # Only Node's entry points are seen from outside: the C++ library linked in stays our own.
        ["OS=='linux'", {
          "ldflags": ["-Wl,--gc-sections", "-Wl,--version-script=<(module_root_dir)/native/binding/exports.map"],
          "libraries": ["-lpthread"]
        }]
      ]
    }
  ]
}
