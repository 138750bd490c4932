/** What may be called, by canonical names, each here because a program that saves a checkpoint can have written it. */
const harmless = new Set<string>([
  ...below(
    'builtins',
    `object set frozenset list tuple dict bytearray bytes str unicode basestring int long float complex bool slice range xrange
    enumerate reversed zip Ellipsis NotImplemented max min sum abs round len divmod type iter getattr
    BaseException Exception ArithmeticError AssertionError AttributeError EOFError FileNotFoundError FloatingPointError GeneratorExit
    ImportError IndexError IOError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplementedError
    OSError OverflowError PermissionError RecursionError RuntimeError StopIteration SystemError SystemExit TimeoutError TypeError
    UnicodeDecodeError UnicodeError ValueError ZeroDivisionError Warning DeprecationWarning FutureWarning RuntimeWarning UserWarning`,
  ),
  ...below('copyreg', '_reconstructor __newobj__ __newobj_ex__'),
  ...below('collections', 'OrderedDict defaultdict Counter deque ChainMap UserDict UserList UserString'),
  ...below('datetime', 'datetime date time timedelta timezone'),
  ...below('pathlib', 'Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath'),
  ...below('ipaddress', 'IPv4Address IPv6Address IPv4Network IPv6Network'),
  ...below('itertools', 'count repeat cycle chain islice product permutations combinations zip_longest'),
  ...below(
    'configparser',
    `ConfigParser RawConfigParser SectionProxy SectionProxy.get BasicInterpolation ExtendedInterpolation ConverterMapping
    ConfigParser._get_conv RawConfigParser._get_conv ConfigParser.get RawConfigParser.get`,
  ),
  ...words(`
    _codecs.encode argparse.Namespace types.SimpleNamespace types.GenericAlias functools.partial functools.reduce operator.or_
    operator.getitem enum.auto decimal.Decimal decimal.Context fractions.Fraction uuid.UUID uuid.SafeUUID time.struct_time
    zoneinfo.ZoneInfo zoneinfo.ZoneInfo._unpickle re._compile random.Random array.array array._array_reconstructor io.BytesIO
    io.StringIO logging.getLogger contextlib.nullcontext
    http.HTTPStatus _weakrefset.WeakSet
    re.RegexFlag random.Random.uniform random.Random.random random.Random.randint
    random.Random.gauss random.Random.choice
    distutils.version.LooseVersion distutils.version.StrictVersion
    inspect.Signature inspect.Parameter inspect._ParameterKind inspect._empty
  `),
  ...below(
    'typing',
    'Any Union Optional Dict List Tuple Set FrozenSet Type Callable Literal Sequence Mapping Iterable Iterator TypeVar',
  ),
  ...below(
    'torch._utils',
    `_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor
    _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass
    _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor`,
  ),
  // The names of storages and of what describes a tensor, which are only named as a rule.
  ...below(
    'torch',
    `Tensor Size Generator Storage ${storageClasses('Float Double Half BFloat16 Long Int Short Char Byte Bool Untyped Typed')}
    ${storageClasses('QInt8 QUInt8 QInt32 QUInt4x2 QUInt2x4 ComplexFloat ComplexDouble')} device dtype memory_format layout finfo iinfo
    float32 float float64 double float16 half bfloat16 int64 long int32 int int16 short int8 uint8 uint16 uint32 uint64 bool
    complex32 complex64 complex128 chalf cfloat cdouble quint8 qint8 qint32 quint4x2 quint2x4
    float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2
    strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged contiguous_format channels_last channels_last_3d preserve_format
    per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric per_channel_affine_float_qparams`,
  ),
  ...below('torch.cuda', storageClasses('Float Double Half BFloat16 Long Int Short Char Byte Bool')),
  ...words(`
    torch._tensor.Tensor torch._tensor._rebuild_from_type_v2 torch.storage._load_from_bytes torch.storage.UntypedStorage
    torch.storage.TypedStorage torch.storage._UntypedStorage torch.storage._TypedStorage torch._C.Generator torch._C.device
    torch.serialization._get_layout torch.torch_version.TorchVersion torch.amp.grad_scaler._refresh_per_optimizer_state
    torch.cuda.amp.grad_scaler._refresh_per_optimizer_state
    torch.jit._pickle.build_intlist torch.jit._pickle.build_doublelist torch.jit._pickle.build_boollist
    torch.jit._pickle.build_tensorlist torch.jit._pickle.build_tensor_from_id torch.jit._pickle.restore_type_tag
    torch._dynamo.decorators._DimRange torch.nested._internal.nested_tensor._rebuild_njt torch.autograd.variable.Variable
    torch.nn.backends.thnn._get_thnn_function_backend torch.utils.data._utils.collate.default_collate
    torch._C._distributed_c10d.ReduceOp.RedOpType torch.distributed.distributed_c10d.ReduceOp.RedOpType
    torch._C._profiler.ProfilerActivity torch.profiler.profiler.ProfilerAction deepspeed.utils.tensor_fragment.fragment_address
  `),
  ...below(
    'torch.nn.functional',
    'relu relu6 gelu silu mish elu selu celu leaky_relu hardswish hardsigmoid hardtanh sigmoid tanh softplus softmax log_softmax',
  ),
  ...below(
    'torch.nn.functional',
    `cross_entropy mse_loss l1_loss smooth_l1_loss nll_loss interpolate normalize layer_norm pad binary_cross_entropy
    binary_cross_entropy_with_logits kl_div huber_loss cosine_embedding_loss triplet_margin_loss cosine_similarity pairwise_distance one_hot
    dropout linear conv2d batch_norm group_norm avg_pool2d adaptive_avg_pool2d glu logsigmoid softmin softsign
    softshrink hardshrink tanhshrink`,
  ),
  ...['torch', 'torch._C._VariableFunctionsClass', 'torch._C._VariableFunctions'].flatMap((module) =>
    below(
      module,
      `abs argmax argmin clamp clip cos exp log log1p max mean min relu round sigmoid sin softmax log_softmax sqrt square std sum tanh var
      zeros ones rand randn zeros_like ones_like`,
    ),
  ),
  ...below('torch.nn.init', 'normal_ uniform_ trunc_normal_ zeros_ ones_ constant_ xavier_normal_ xavier_uniform_'),
  ...below('torch.nn.init', 'kaiming_normal_ kaiming_uniform_ orthogonal_'),
  ...below(
    'numpy',
    `dtype ndarray matrix poly1d recarray record bool_ bool byte ubyte short ushort intc uintc int_ uint longlong ulonglong half single
    double longdouble csingle cdouble clongdouble int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 float128
    complex64 complex128 complex256 str_ bytes_ unicode_ string_ object_ void datetime64 timedelta64 longfloat intp uintp`,
  ),
  ...below(
    'numpy',
    'abs absolute amax amin argmax argmin ceil clip exp floor log log1p max mean median min ones prod round sqrt square std sum var zeros',
  ),
  ...below('numpy.core.multiarray', '_reconstruct scalar'),
  ...below('numpy.random._pickle', '__randomstate_ctor __generator_ctor __bit_generator_ctor'),
  ...below('numpy.random', 'RandomState Generator __RandomState_ctor'),
  ...['numpy.random._pickle.__randomstate_ctor', 'numpy.random.mtrand.RandomState', 'numpy.random.RandomState'].flatMap(
    (state) => below(state, 'choice normal permutation rand randint randn random uniform'),
  ),
  ...words(`
    numpy.core.numeric._frombuffer numpy.core.records.recarray numpy.core.records.record numpy.lib.polynomial.poly1d
    numpy.lib._polynomial_impl.poly1d numpy.random.mtrand.RandomState numpy.random.bit_generator.__pyx_unpickle_SeedSequence
    numpy.random.bit_generator.__pyx_unpickle_SeedlessSequence numpy.ma.core._mareconstruct numpy.ma.core.MaskedArray
    numpy.ma.MaskedArray numpy.ma.core.MaskedConstant
  `),
  ...below(
    'pandas',
    `NA NaT DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex CategoricalIndex IntervalIndex
    Timestamp Timedelta Period Interval DateOffset Categorical CategoricalDtype StringDtype DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype
    BooleanDtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype
    Float64Dtype ArrowDtype`,
  ),
  ...below(
    'pandas.arrays',
    `ArrowStringArray ArrowExtensionArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray NumpyExtensionArray
    PeriodArray SparseArray StringArray TimedeltaArray`,
  ),
  ...words(`
    pandas.core.indexes.base._new_Index pandas.core.indexes.interval._new_IntervalIndex fsspec.spec.make_instance
    fsspec.implementations.local.LocalFileSystem pandas.core.indexes.datetimes._new_DatetimeIndex pandas.core.indexes.period._new_PeriodIndex
    pandas._libs.sparse.IntIndex pandas._libs.sparse.BlockIndex pandas._libs.internals._unpickle_block pandas._libs.tslibs.timestamps._unpickle_timestamp pandas._libs.missing._unpickle_NA
    pandas._libs.tslibs.timedeltas._timedelta_unpickle pandas._libs.arrays.__pyx_unpickle_NDArrayBacked
    pandas._libs.tslibs.nattype.__nat_unpickle pandas._libs.tslibs.nattype._nat_unpickle pandas.core.flags.Flags pandas.core.generic.NDFrame
  `),
  ...'csr csc coo bsr dia dok lil'
    .split(' ')
    .flatMap((format) =>
      ['', '_'].flatMap((private_) => below(`scipy.sparse.${private_}${format}`, `${format}_matrix ${format}_array`)),
    ),
  ...below('PIL.Image', 'Resampling Transpose Transform Dither Palette Quantize'),
  ...words(
    'scipy.optimize.OptimizeResult scipy.optimize._optimize.OptimizeResult scipy.optimize.optimize.OptimizeResult',
  ),
]);

/** Modules under the names by which other versions of Python, PyTorch and NumPy know them. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['__builtins__', 'builtins'],
  ['exceptions', 'builtins'],
  ['copy_reg', 'copyreg'],
  ['ConfigParser', 'configparser'],
  ['_collections', 'collections'],
  ['_functools', 'functools'],
  ['_operator', 'operator'],
  ['_io', 'io'],
  ['_datetime', 'datetime'],
  ['_pydatetime', 'datetime'],
  ['_decimal', 'decimal'],
  ['_pydecimal', 'decimal'],
  ['_random', 'random'],
  ['pathlib._local', 'pathlib'],
  ['torch.tensor', 'torch._tensor'],
  ['numpy._core.multiarray', 'numpy.core.multiarray'],
  ['numpy._core.numeric', 'numpy.core.numeric'],
  ['numpy._core.records', 'numpy.core.records'],
  ['numpy.rec', 'numpy.core.records'],
]);

/** What moved to another module, as Python 3 writes it into files of protocol 2. */
const moved: ReadonlyMap<string, string> = new Map([
  ['builtins.reduce', 'functools.reduce'],
  ['itertools.izip', 'builtins.zip'],
  ['itertools.izip_longest', 'itertools.zip_longest'],
  ['UserDict.UserDict', 'collections.UserDict'],
  ['UserDict.IterableUserDict', 'collections.UserDict'],
  ['UserList.UserList', 'collections.UserList'],
  ['UserString.UserString', 'collections.UserString'],
]);

/** The one name of what `module` and `name` name. */
export function canonicalPath(module: string, name: string): string {
  const path = `${aliases.get(module) ?? module}.${name}`;
  return moved.get(path) ?? path;
}

/**
 * Whether nothing but a value comes of calling this, whatever it is given; some are bounded further in call-rules.ts.
 */
export function isHarmless(path: string): boolean {
  return harmless.has(path);
}

function below(module: string, names: string): string[] {
  return words(names).map((name) => `${module}.${name}`);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function storageClasses(types: string): string {
  return types.replaceAll(/\S+/g, '$&Storage');
}
