import { GhostNetError } from '../errors.js';

/** A file that tries to run something. `deed` continues "<file> is refused: ". */
export function unsafe(file: string, deed: string): GhostNetError {
  return new GhostNetError(
    'ERR_GHOST_UNSAFE',
    `${file} is refused: ${deed}. Nothing was run. Do not load it in Python: get the weights as .safetensors or from a source you ` +
      'trust, or if the file is your own, save the weights alone with torch.save(model.state_dict(), path).',
  );
}
