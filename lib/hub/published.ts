import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreprocessConfig } from '../preprocess-config.js';
import { nearestName } from '../messages/nearest-name.js';
import { packageRoot } from '../package-root.js';

/** Weights of a network that is known and that somebody has published, as `weights/manifest.json` lists them. */
export interface PublishedModel {
  /** timm's name with its tag, as `ghostnetv2_100.in1k`. */
  readonly name: string;
  /** On the Hugging Face hub, as `timm/ghostnetv2_100.in1k`. */
  readonly repository: string;
  readonly architecture: string;
  /** What it was trained on. */
  readonly data: string;
  /** Of the validation pictures, as timm publishes it. */
  readonly top1Percent: number;
  readonly top5Percent: number;
  /** Where its authors published it first. */
  readonly origin: string;
  /** By its SPDX identifier. */
  readonly licence: string;
  /** How it was evaluated. What the repository's `config.json` says comes first. */
  readonly preprocess: Pick<PreprocessConfig, 'inputSize'> & Partial<PreprocessConfig>;
}

/** The model that comes with the package. */
export interface BoxedModel {
  readonly name: string;
  readonly architecture: string;
  /** Pixels. */
  readonly inputSize: readonly [height: number, width: number];
  /** What it was trained on. */
  readonly data: string;
  /** Of 5,000 validation pictures, as `bench/accuracy` measures it. */
  readonly top1Percent: number;
  readonly top5Percent: number;
}

interface Manifest {
  readonly boxed: BoxedModel;
  readonly models: readonly PublishedModel[];
}

let manifest: Manifest | undefined;

function readManifest(): Manifest {
  manifest ??= JSON.parse(readFileSync(join(packageRoot, 'weights/manifest.json'), 'utf8')) as Manifest;
  return manifest;
}

export function publishedModels(): readonly PublishedModel[] {
  return readManifest().models;
}

/** Where the model that comes with the package lies. */
export const boxedFolder = join(packageRoot, 'weights/ghostnetv2-tiny');

export function boxedModel(): BoxedModel {
  return readManifest().boxed;
}

/** The words of its classes, which repositories of published weights leave to the reader. */
export function publishedLabels({ data }: PublishedModel): readonly string[] | undefined {
  const file = labelFiles[data];
  return file === undefined
    ? undefined
    : (JSON.parse(readFileSync(join(packageRoot, 'weights', file), 'utf8')) as { labels: string[] }).labels;
}

const labelFiles: Readonly<Record<string, string>> = { 'ImageNet-1k': 'imagenet-1k.json' };

/** By its name with or without the tag, or by its repository. */
export function findPublished(name: string): PublishedModel | undefined {
  return publishedModels().find((model) => [model.name, model.architecture, model.repository].includes(name));
}

/** A question for the end of an error message where `name` nearly is a published one, else an empty string. */
export function didYouMean(name: string): string {
  const candidates = publishedModels().flatMap(({ name, architecture, repository }) => [
    name,
    architecture,
    repository,
  ]);
  const nearest = nearestName(name, candidates);
  return nearest !== undefined && nearest !== name ? ` Did you mean ${nearest}?` : '';
}
