// Prints the instruction set of a model.
import { load } from '../../dist/index.js';

const model = await load();
process.stdout.write(model.info.isa);
