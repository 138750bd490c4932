import type { Conv2dNode } from './graph.js';
import type { MapShape } from './shapes.js';

/** A whole number, a text, whole numbers, or a float. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** A node's input: its value's name, and its shape for one image. */
export interface OnnxInput {
  readonly name: string;
  readonly shape: MapShape;
}

/** Where a node is written to, by its operator's row. */
export interface OnnxWriter {
  /** @param inputs values and names of constants; '' for one that is left out */
  add(
    op: string,
    name: string,
    inputs: readonly (OnnxInput | string)[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): void;
  /** Writes what makes a convolution's value of `sums`, which have one name where there is nothing to do. */
  activate(node: Conv2dNode, sums: string): void;
  /** Constants with a convolution's weight, of `shape`, and its bias, if it has one; batch norm is folded into them. */
  parameters(node: Conv2dNode, shape: readonly number[]): string[];
  /** A constant, by its name; a number alone is a scalar. */
  floats(name: string, values: readonly number[] | number): string;
  /** The same with rows, all of one length. */
  matrix(name: string, rows: readonly (readonly number[])[]): string;
  integers(name: string, ...values: number[]): string;
}
