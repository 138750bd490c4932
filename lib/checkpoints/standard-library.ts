/**
 * Every module of Python's standard library that a pickle can import by name: 2.7's, which files of protocol 2 still
 * carry, and those of 3.8 to 3.14, with the private ones and those of one operating system. Only whole dotted names
 * count, since people call their own folders `code` and `test` too. Left out are packages that hold no name of their
 * own (`test`, `compression`, `concurrent`, `idlelib`, `lib2to3`, `turtledemo`, `wsgiref`, `xmlrpc`): `test.Config` can
 * only be somebody's own class. Left out too is what ran on machines that no PyTorch runs on, such as IRIX's `fm` and
 * `cd`.
 *
 * Rows of names below a prefix that ends in a colon.
 */
const rows = `
  : BaseHTTPServer Bastion CGIHTTPServer ConfigParser Cookie Dialog DocXMLRPCServer FileDialog FixTk HTMLParser MimeWriter Queue
    ScrolledText SimpleDialog SimpleHTTPServer SimpleXMLRPCServer SocketServer StringIO Tix Tkconstants Tkdnd Tkinter UserDict UserList
    UserString _LWPCookieJar _MozillaCookieJar __builtin__ __builtins__ __future__ __phello__ _abc _abcoll _aix_support _android_support
    _apple_support _ast _ast_unparse _asyncio _bisect _blake2 _bootlocale _bootsubprocess _bsddb _bz2 _codecs _codecs_cn _codecs_hk
    _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _colorize _compat_pickle _compression _contextvars
    _crypt _csv _ctypes _ctypes_test _curses _curses_panel _datetime _dbm _decimal _dummy_thread _dummy_threading _elementtree
    _frozen_importlib _frozen_importlib_external _functools _gdbm _hashlib _heapq _hmac _hotshot _imp _interpchannels _interpqueues
    _interpreters _io _ios_support _json _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec _multiprocessing _opcode
    _opcode_metadata _operator _osx_support _overlapped _peg_parser _pickle _posixshmem _posixsubprocess _py_abc _py_warnings
    _pydatetime _pydecimal _pyio _pylong _pyrepl _queue _random _remote_debugging _scproxy _sha _sha1 _sha2 _sha256 _sha3 _sha512
    _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _suggestions _symtable _sysconfig
    _testbuffer _testcapi _testclinic _testimportmultiple _testinternalcapi _testmultiphase _thread _threading_local _tkinter _tokenize
    _tracemalloc _types _typing _uuid _warnings _weakref _weakrefset _winapi _winreg _wmi _xxsubinterpreters _xxtestfuzz _zoneinfo _zstd
    abc aifc annotationlib antigravity anydbm argparse array ast asynchat asyncio asyncore atexit audiodev audioop base64 bdb binascii
    binhex bisect bsddb builtins bz2 cPickle cProfile cStringIO calendar cgi cgitb chunk cmath cmd code codecs codeop collections
    colorsys commands compileall compiler configparser contextlib contextvars cookielib copy copy_reg copyreg crypt csv ctypes curses
    dataclasses datetime dbhash dbm decimal difflib dircache dis distutils dl doctest dumbdbm dummy_thread dummy_threading email
    encodings ensurepip enum errno exceptions faulthandler fcntl filecmp fileinput fnmatch formatter fpformat fractions ftplib functools
    future_builtins gc gdbm genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac hotshot html htmlentitydefs
    htmllib http httplib ihooks imageop imaplib imghdr imp importlib imputil inspect io ipaddress itertools json keyword linecache
    linuxaudiodev locale logging lzma macpath macurl2path mailbox mailcap markupbase marshal math md5 mhlib mimetools mimetypes mimify
    mmap modulefinder msilib msvcrt multifile multiprocessing mutex netrc new nis nntplib nt ntpath nturl2path numbers opcode operator
    optparse os os2emxpath ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib popen2 poplib posix
    posixfile posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline repr
    reprlib resource rexec rfc822 rlcompleter robotparser runpy sched secrets select selectors sets sgmllib sha shelve shlex shutil
    signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics
    statvfs string stringold stringprep strop struct subprocess sunau sunaudio symbol symtable sys sysconfig syslog tabnanny tarfile
    telnetlib tempfile termios textwrap this thread threading time timeit tkColorChooser tkCommonDialog tkFileDialog tkFont tkMessageBox
    tkSimpleDialog tkinter toaiff token tokenize tomllib trace traceback tracemalloc ttk tty turtle types typing unicodedata unittest
    urllib urllib2 urlparse user uu uuid venv warnings wave weakref webbrowser whichdb winreg winsound xdrlib xml xmllib xmlrpclib
    xxlimited xxlimited_35 xxsubtype zipapp zipfile zipimport zlib zoneinfo
  __phello__.: foo spam
  _pyrepl.: __main__ _minimal_curses _module_completer _threading_handler base_eventqueue commands completing_reader console curses
    fancy_termios historical_reader input keymap main pager reader readline simple_interact terminfo trace types unix_console
    unix_eventqueue utils windows_console windows_eventqueue
  asyncio.: __main__ base_events base_futures base_subprocess base_tasks constants coroutines events exceptions format_helpers futures
    graph locks log mixins proactor_events protocols queues runners selector_events sslproto staggered streams subprocess taskgroups
    tasks threads timeouts tools transports trsock unix_events windows_events windows_utils
  bsddb.: db dbobj dbrecio dbshelve dbtables dbutils
  collections.: abc
  compiler.: ast consts future misc pyassem pycodegen symbols syntax transformer visitor
  compression.: _common bz2 gzip lzma zlib zstd
  compression._common.: _streams
  compression.zstd.: _zstdfile
  concurrent.: futures interpreters
  concurrent.futures.: _base interpreter process thread
  concurrent.interpreters.: _crossinterp _queues
  ctypes.: _aix _endian _layout macholib util wintypes
  ctypes.macholib.: dyld dylib framework
  curses.: ascii has_key panel textpad wrapper
  dbm.: bsd dumb gnu ndbm sqlite3
  distutils.: _collections _functools _macos_compat _msvccompiler archive_util bcppcompiler ccompiler cmd command config core
    cygwinccompiler debug dep_util dir_util dist emxccompiler errors extension fancy_getopt file_util filelist log msvc9compiler
    msvccompiler py38compat py39compat spawn sysconfig text_file unixccompiler util version versionpredicate
  distutils.command.: _framework_compat bdist bdist_dumb bdist_msi bdist_packager bdist_rpm bdist_wininst build build_clib build_ext
    build_py build_scripts check clean config install install_data install_egg_info install_headers install_lib install_scripts
    py37compat register sdist upload
  email.: MIMEText _encoded_words _header_value_parser _parseaddr _policybase base64mime charset contentmanager encoders errors
    feedparser generator header headerregistry iterators message mime parser policy quoprimime utils
  email.mime.: application audio base image message multipart nonmultipart text
  encodings.: __builtin__ _win_cp_codecs aliases ascii base64_codec big5 big5hkscs bz2_codec charmap codecs cp037 cp1006 cp1026 cp1125
    cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855
    cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875 cp932 cp949 cp950 encodings euc_jis_2004 euc_jisx0213
    euc_jp euc_kr gb18030 gb2312 gbk hex_codec hp_roman8 hz idna iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3
    iso2022_jp_ext iso2022_kr iso8859_1 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 iso8859_2 iso8859_3 iso8859_4
    iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 johab koi8_r koi8_t koi8_u kz1048 latin_1 mac_arabic mac_centeuro mac_croatian
    mac_cyrillic mac_farsi mac_greek mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish mbcs oem palmos ptcp154 punycode
    quopri_codec raw_unicode_escape rot_13 shift_jis shift_jis_2004 shift_jisx0213 string_escape tis_620 undefined unicode_escape
    unicode_internal utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le utf_7 utf_8 utf_8_sig uu_codec zlib_codec
  ensurepip.: __main__ _bundled _uninstall
  hotshot.: log stats stones
  html.: entities parser
  http.: client cookiejar cookies server
  idlelib.: AutoComplete AutoCompleteWindow AutoExpand Bindings CallTipWindow CallTips ClassBrowser CodeContext ColorDelegator Debugger
    Delegator EditorWindow FileList FormatParagraph GrepDialog HyperParser IOBinding IdleHistory MultiCall MultiStatusBar ObjectBrowser
    OutputWindow ParenMatch PathBrowser Percolator PyParse PyShell RemoteDebugger RemoteObjectBrowser ReplaceDialog RstripExtension
    ScriptBinding ScrolledList SearchDialog SearchDialogBase SearchEngine StackViewer ToolTip TreeWidget UndoDelegator WidgetRedirector
    WindowList ZoomHeight __main__ aboutDialog autocomplete autocomplete_w autoexpand browser calltip calltip_w codecontext colorizer
    config configDialog configHandler configHelpSourceEdit configSectionNameDialog config_key configdialog debugger debugger_r debugobj
    debugobj_r delegator dynOptionMenuWidget dynoption editor filelist format grep help help_about history hyperparser idle idlever
    iomenu keybindingDialog macosx macosxSupport mainmenu multicall outwin parenmatch pathbrowser percolator pyparse pyshell query
    redirector replace rpc run runscript scrolledlist search searchbase searchengine sidebar squeezer stackviewer statusbar tabbedpages
    textView textview tooltip tree undo util window zoomheight zzdummy
  importlib.: _abc _adapters _bootstrap _bootstrap_external _common abc machinery metadata readers resources simple util
  importlib.metadata.: _adapters _collections _functools _itertools _meta _text diagnose
  importlib.resources.: _adapters _common _functional _itertools _legacy abc readers simple
  json.: __main__ _json decoder encoder json re scanner struct sys tool
  lib2to3.: __main__ btm_matcher btm_utils fixer_base fixer_util fixes main patcomp pgen2 pygram pytree refactor
  lib2to3.fixes.: fix_apply fix_asserts fix_basestring fix_buffer fix_dict fix_except fix_exec fix_execfile fix_exitfunc fix_filter
    fix_funcattrs fix_future fix_getcwdu fix_has_key fix_idioms fix_import fix_imports fix_imports2 fix_input fix_intern fix_isinstance
    fix_itertools fix_itertools_imports fix_long fix_map fix_metaclass fix_methodattrs fix_ne fix_next fix_nonzero fix_numliterals
    fix_operator fix_paren fix_print fix_raise fix_raw_input fix_reduce fix_reload fix_renames fix_repr fix_set_literal
    fix_standarderror fix_sys_exc fix_throw fix_tuple_params fix_types fix_unicode fix_urllib fix_ws_comma fix_xrange fix_xreadlines
    fix_zip
  lib2to3.pgen2.: conv driver grammar literals parse pgen token tokenize
  logging.: config handlers
  msilib.: schema sequence text
  multiprocessing.: connection context dummy forking forkserver heap managers pool popen_fork popen_forkserver popen_spawn_posix
    popen_spawn_win32 process queues reduction resource_sharer resource_tracker shared_memory sharedctypes spawn synchronize util
  multiprocessing.dummy.: connection
  os.: path
  pathlib.: _abc _local _os types
  pydoc_data.: module_docs topics
  pyexpat.: errors model
  re.: _casefix _compiler _constants _parser
  sqlite3.: __main__ dbapi2 dump
  string.: templatelib
  sys.: _monitoring monitoring
  sysconfig.: __main__
  test.: __main__ _mock_backport _test_atexit _test_eintr _test_embed_set_config _test_embed_structseq _test_multiprocessing
    _test_venv_multiprocessing _typed_dict_helper audiotests audit-tests autotest bisect bisect_cmd bytecode_helper curses_tests
    dataclass_textanno datetimetester dis_module doctest_aliases doctest_lineno double_const fork_wait gdb_sample good_getattr imp_dummy
    infinite_reload inspect_fodder inspect_fodder2 libregrtest list_tests lock_tests make_ssl_certs mapping_tests memory_watchdog mock_socket
    mod_generics_cache mp_fork_bomb mp_preload multibytecodec_support outstanding_bugs pickletester profilee pyclbr_input pydoc_mod
    pydocfodder pystone pythoninfo re_tests regrtest relimport reperf sample_doctest sample_doctest_no_docstrings
    sample_doctest_no_doctests script_helper seq_tests signalinterproctester sortperf ssl_servers ssltests string_tests support
    symlink_support testall testcodec tf_inherit_check threaded_import_hangers time_hashlib warning_tests win_console_handler xmltests
  test.eintrdata.: eintr_tester
  test.libregrtest.: cmdline filter findtests logger main pgo refleak result results run_workers runtest runtest_mp runtests save_env
    setup single testresult utils win_utils worker
  test.subprocessdata.: fd_status input_reader qcat qgrep sigchild_ignore
  test.support.: bytecode_helper hashlib_helper import_helper interpreters logging_helper os_helper pty_helper script_helper
    socket_helper testresult threading_helper warnings_helper
  test.test_: MimeWriter SimpleHTTPServer StringIO __all__ __future__ _locale _opcode _osx_support _xxsubinterpreters abc
    abstract_numbers aepack aifc al anydbm applesingle argparse array ascii_formatd asdl_parser ast asyncgen asynchat asyncio asyncore
    atexit audioop audit augassign base64 baseexception bastion bdb bigaddrspace bigmem binascii binhex binop bisect bool bsddb bsddb185
    bsddb3 buffer bufio builtin bytes bz2 c_locale_coercion calendar call capi cd cfgparser cgi cgitb charmapcodec check_c_globals cl
    class clinic cmath cmd cmd_line cmd_line_script code code_module codeccallbacks codecencodings_cn codecencodings_hk
    codecencodings_iso2022 codecencodings_jp codecencodings_kr codecencodings_tw codecmaps_cn codecmaps_hk codecmaps_jp codecmaps_kr
    codecmaps_tw codecs codeop coercion collections colorsys commands compare compile compileall compiler complex complex_args
    concurrent_futures configparser contains context contextlib contextlib_async cookie cookielib copy copy_reg copyreg coroutines
    cpickle cppext cprofile crashers crypt csv ctypes curses dataclasses datetime dbm dbm_dumb dbm_gnu dbm_ndbm decimal decorators
    defaultdict deque descr descrtut devpoll dict dict_version dictcomps dictviews difflib dircache dis distutils dl doctest doctest2
    docxmlrpc dtrace dumbdbm dummy_thread dummy_threading dynamic dynamicclassattribute eintr email email_codecs email_renamed embed
    ensurepip enum enumerate eof epoll errno except_star exception_group exception_hierarchy exception_variations exceptions extcall
    faulthandler fcntl file file2k file_eintr filecmp fileinput fileio fileutils finalization float flufl fnmatch fork1 format fpformat
    fractions frame frozen fstring ftplib funcattrs functools future future1 future2 future3 future4 future5 future_builtins future_stmt
    gc gdb gdbm generator_stop generators genericalias genericclass genericpath genexps getargs getargs2 getopt getpass getpath gettext
    gl glob global grammar graphlib grp gzip hash hashlib heapq hmac hotshot html htmllib htmlparser http_cookiejar http_cookies httplib
    httpservers idle imageop imaplib imgfile imghdr imp import import_magic importhooks importlib index inspect int int_literal
    interpreters io ioctl ipaddress isinstance iter iterlen itertools json keyword keywordonlyarg kqueue largefile launcher lib2to3
    linecache linuxaudiodev list listcomps lltrace locale logging long long_future longexp lzma macos macostools macpath macurl2path
    mailbox mailcap marshal math md5 memoryio memoryview metaclass mhlib mimetools mimetypes minidom mmap module modulefinder msilib
    multibytecodec multifile multiprocessing multiprocessing_fork multiprocessing_forkserver multiprocessing_main_handling
    multiprocessing_spawn mutants mutex named_expressions netrc new nis nntplib normalization ntpath numeric_tower old_mailbox opcache
    opcodes openpty operator optparse ordered_dict os ossaudiodev osx_env parser pathlib patma pdb peepholer peg_generator peg_parser
    pep247 pep277 pep352 pep646_syntax pickle picklebuffer pickletools pipes pkg pkgimport pkgutil platform plistlib poll popen popen2
    poplib positional_only_arg posix posixpath pow pprint print profile property pstats pty pulldom pwd py3kwarn py_compile pyclbr pydoc
    pyexpat queue quopri raise random range re readline regrtest repl repr reprlib resource rfc822 richcmp rlcompleter robotparser runpy
    sax sched scope script_helper scriptpackages secrets select selectors set setcomps sets sgmllib sha shelve shlex shutil signal site
    slice smtpd smtplib smtpnet sndhdr socket socketserver softspace sort source_encoding spwd sqlite sqlite3 ssl stable_abi_ctypes
    startfile stat statistics str strftime string string_literals stringprep strop strptime strtod struct structmembers structseq
    subclassinit subprocess sunau sunaudiodev sundry super support symbol symtable syntax sys sys_setprofile sys_settrace sysconfig
    syslog tabnanny tarfile tcl telnetlib tempfile termios test_support textwrap thread threaded_import threadedtempfile threading
    threading_local threadsignals time timeit timeout tix tk tokenize tomllib tools trace traceback tracemalloc transformer ttk_guionly
    ttk_textonly tty tuple turtle type_annotations type_cache type_comments typechecks types typing ucn unary undocumented_details
    unicode unicode_file unicode_file_functions unicode_identifiers unicodedata unittest univnewlines univnewlines2k unpack unpack_ex
    unparse urllib urllib2 urllib2_localnet urllib2net urllib_response urllibnet urlparse userdict userlist userstring utf8_mode
    utf8source uu uuid venv wait3 wait4 warnings wave weakref weakset webbrowser whichdb winconsoleio winreg winsound with wsgiref
    xdrlib xml_dom_minicompat xml_etree xml_etree_c xmllib xmlrpc xmlrpc_net xpickle xrange xxlimited xxtestfuzz yield_from zipapp
    zipfile zipfile64 zipimport zipimport_support zlib zoneinfo
  tkinter.: __main__ colorchooser commondialog constants dialog dnd filedialog font messagebox scrolledtext simpledialog tix ttk
  tomllib.: _parser _re _types
  turtledemo.: __main__ bytedesign chaos clock colormixer forest fractalcurves lindenmayer minimal_hanoi nim paint peace penrose
    planet_and_moon rosette round_dance sorting_animate tree two_canvases yinyang
  typing.: io re
  unittest.: __main__ _log async_case case loader main mock result runner signals suite util
  urllib.: error parse request response robotparser
  venv.: __main__
  wsgiref.: handlers headers simple_server types util validate
  xml.: dom etree parsers sax
  xml.dom.: NodeFilter domreg expatbuilder minicompat minidom pulldom xmlbuilder
  xml.etree.: ElementInclude ElementPath ElementTree cElementTree
  xml.parsers.: expat
  xml.parsers.expat.: errors model
  xml.sax.: _exceptions expatreader handler saxutils xmlreader
  xmlrpc.: client server
  zipfile.: __main__ _path
  zipfile._path.: glob
  zoneinfo.: _common _tzpath _zoneinfo
`;

/** Packages of tests: these and everything below them. */
const testPackages = [
  'bsddb.test',
  'ctypes.test',
  'distutils.tests',
  'email.test',
  'idlelib.idle_test',
  'json.tests',
  'lib2to3.tests',
  'sqlite3.test',
  'tkinter.test',
  'unittest.test',
];

interface Library {
  readonly modules: ReadonlySet<string>;
  readonly firstSteps: ReadonlySet<string>;
}
let library: Library | undefined;

/** Read from the rows when the first pickle asks: most models are no pickles. */
function readLibrary(): Library {
  const modules = new Set<string>();
  let prefix = '';
  for (const word of rows.trim().split(/\s+/)) {
    if (word.endsWith(':')) prefix = word.slice(0, -1);
    else modules.add(prefix + word);
  }
  return { modules, firstSteps: new Set([...modules].map((module) => module.split('.', 1)[0]!)) };
}

/** Whether anything of Python's own begins with this: most names do not, and need no further look. */
export function beginsStandardModule(firstStep: string): boolean {
  library ??= readLibrary();
  return library.firstSteps.has(firstStep);
}

/** Whether `module`, a whole dotted name, is one of Python's own. */
export function isStandardModule(module: string): boolean {
  const { modules } = (library ??= readLibrary());
  if (modules.has(module)) return true;
  if (!module.includes('.')) return false;
  const testModule = /^test\.test_\w+/.exec(module);
  return (testModule !== null && modules.has(testModule[0])) || testPackages.some((name) => isBelow(module, name));
}

/** Whether `module` is `ancestor` or lies below it. */
export function isBelow(module: string, ancestor: string): boolean {
  return module.startsWith(ancestor) && (module.length === ancestor.length || module[ancestor.length] === '.');
}
