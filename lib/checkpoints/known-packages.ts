import { isBelow } from './standard-library.js';

/**
 * Packages that lie where checkpoints are made and loaded: a pickle that calls into them reaches code that is really
 * there. What else a file names is its author's own.
 */
const packages = words(`
  torch torchvision torchaudio torchtext torchdata torchmetrics torch_xla torchao torchgen functorch caffe2 triton apex xformers
  fairscale deepspeed accelerate transformers tokenizers sentencepiece diffusers peft safetensors huggingface_hub
  bitsandbytes timm lightning pytorch_lightning lightning_fabric ignite mmengine mmcv mmcls mmpretrain mmdet mmseg detectron2 fvcore
  iopath ultralytics kornia monai albumentations
  numpy scipy sympy mpmath pandas pyarrow sklearn skimage imageio PIL cv2 matplotlib networkx numba llvmlite h5py zarr numexpr
  cupy jax jaxlib flax tensorflow keras tensorboard tensorboardX onnx onnxruntime
  omegaconf hydra yaml ruamel joblib dill cloudpickle jsonpickle wandb mlflow ray optuna dask
  fsspec requests urllib3 httpx aiohttp boto3 botocore s3fs paramiko smart_open gdown
  pip setuptools pkg_resources _distutils_hack wheel Cython cffi pycparser pexpect ptyprocess psutil six future pytest _pytest nose
  IPython ipykernel jinja2 mako pydantic sqlalchemy
`);

/** Modules whose classes keep what they are given and do no more, below which names like these are classes. */
const harmlessClasses = words(`
  torch.nn torch.optim torch.distributions torch.ao.nn torch.ao.quantization.fake_quantize torch.ao.quantization.observer
  torch.ao.quantization.qconfig torch.ao.quantization.qconfig_mapping torch.ao.quantization.quant_type torch.ao.quantization.stubs
  torch.quantization.fake_quantize torch.quantization.observer torch.quantization.qconfig torch.quantization.stubs
  torch.amp.autocast_mode torch.amp.grad_scaler torch.cuda.amp.grad_scaler
  torch.utils.data.dataloader torch.utils.data.dataset torch.utils.data.sampler torch.utils.data.distributed torch.utils.hooks
  torch.distributed.fsdp torch.distributed.device_mesh torch.distributed.tensor.placement_types torch.distributed.tensor._dtensor_spec
  torch.distributed.tensor._api torch.distributed._tensor torch.distributed.algorithms._checkpoint.checkpoint_wrapper
  torch.distributed.checkpoint.metadata torch.distributed._shard.metadata torch.distributed._shard.sharded_tensor
  torch.distributed._shard.sharding_spec torch.distributed.optim.zero_redundancy_optimizer
  torchvision.transforms torchvision.models torchvision.ops torchvision.tv_tensors torchmetrics
  timm.models timm.layers timm.optim timm.scheduler timm.loss timm.utils.model_ema timm.data.transforms timm.data.auto_augment
  timm.data.mixup timm.data.random_erasing
  transformers.trainer_utils transformers.training_args transformers.training_args_seq2seq transformers.trainer_pt_utils
  transformers.configuration_utils transformers.modeling_outputs transformers.activations transformers.utils.generic
  transformers.debug_utils transformers.image_utils transformers.tokenization_utils_base
  accelerate.utils.dataclasses accelerate.state deepspeed.runtime.zero.config deepspeed.runtime.fp16.loss_scaler
  lightning.pytorch.utilities lightning.pytorch.trainer.states lightning.pytorch.callbacks lightning.fabric.utilities
  lightning_fabric.utilities pytorch_lightning.utilities pytorch_lightning.trainer.states pytorch_lightning.callbacks
  omegaconf mmengine.config.config mmengine.logging.history_buffer mmcv.utils.config fvcore.common.config
  numpy.dtypes numpy.polynomial numpy.random.bit_generator numpy.random._mt19937 numpy.random._pcg64 numpy.random._philox
  numpy.random._sfc64
  pandas.core.frame pandas.core.series pandas.core.indexes pandas.core.internals pandas.core.arrays pandas.core.dtypes
  pandas._libs.internals pandas._libs.tslibs scipy.spatial.transform sklearn.preprocessing
`);

/**
 * Modules of which an instance may be made without its constructor, as NEWOBJ does, and given its state. The
 * constructors of some read files or fetch data sets.
 */
const harmlessInstances = words(`
  torchvision.datasets torchaudio torchtext timm accelerate fairscale deepspeed lightning
  pytorch_lightning lightning_fabric ignite mmengine mmcv mmcls mmpretrain mmdet mmseg ultralytics kornia monai albumentations sklearn PIL
  transformers.models.timm_wrapper transformers.feature_extraction_utils transformers.image_processing_base transformers.modeling_utils transformers.trainer_callback transformers.generation
`);

/** Modules whose functions a functools.partial may keep: they are numbers', or what makes a network and its training. */
const keptFunctions = words(`
  torch.nn.functional torch.nn.init torchvision.ops torchvision.models torchvision.transforms
  timm.data timm.layers timm.loss timm.models timm.optim timm.scheduler
  torchmetrics.functional sklearn.metrics transformers.optimization
`);

/** Of the networks of transformers, what no constructor makes: settings, processors of images, models. */
const transformersInstances = /^transformers\.models\.\w+\.(?:configuration|image_processing|modeling)_\w+$/;

/** Below modules above, and yet able to make programs of text or to fetch files. */
const exceptions = words(`
  torchvision.models.feature_extraction timm.models._features_fx timm.models.fx_features timm.models._hub
  lightning.pytorch.cli pytorch_lightning.cli pytorch_lightning.utilities.cli PIL.ImageFont
`);

/** `Outer.Inner` too; functions and modules begin with a small letter. */
const className = /^_*[A-Z]\w*(?:\._*[A-Z]\w*)*$/;

export function isKnownPackage(name: string): boolean {
  return packages.has(name);
}

/** Whether `name` is a harmless class of one of these packages; `bare` if its constructor does not run. */
export function isHarmlessClass(module: string, name: string, bare: boolean): boolean {
  if (!className.test(name) || liesBelow(module, exceptions)) return false;
  const isInstance = (): boolean => liesBelow(module, harmlessInstances) || transformersInstances.test(module);
  return liesBelow(module, harmlessClasses) || (bare && isInstance());
}

/** A function and no more: what reads or fetches files is called so. */
const functionName = /^(?!.*(?:load|download|hub|read|open|fetch|save|file))_?[a-z]\w*$/;

/** Whether `name` is a function that may be kept for the program that loads it, though the pickle may not call it. */
export function isKeptFunction(module: string, name: string): boolean {
  return functionName.test(name) && liesBelow(module, keptFunctions) && !liesBelow(module, exceptions);
}

function liesBelow(module: string, ancestors: ReadonlySet<string>): boolean {
  return [...ancestors].some((ancestor) => isBelow(module, ancestor));
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
