// The README's six lines. In a checkout the package resolves to itself: node examples/classify.mjs
import { load } from 'ghostnet';

const model = await load(); // the model in the box; or a folder, .safetensors, .pth
const [best] = await model.classify('examples/sample.png'); // [{ index, label, probability }, …]
console.log(`${best.label}: ${(100 * best.probability).toFixed(1)} %`);
await model.dispose();
