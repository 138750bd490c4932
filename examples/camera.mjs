// Says what a Raspberry Pi's camera sees, whenever that changes: node examples/camera.mjs
// An IP camera's too: node examples/camera.mjs http://camera/stream.mjpg
// Any other Motion JPEG comes through standard input: ffmpeg … -c:v mjpeg -f mjpeg - | node examples/camera.mjs -
import { spawn } from 'node:child_process';
import { cameraFrames, load, mjpegFrames } from 'ghostnet';

const model = await load(process.env.MODEL); // a folder or a checkpoint; default: the model in the box

const size = ['--width', '640', '--height', '480', '--framerate', '30'];
const command = ['--codec', 'mjpeg', ...size, '--timeout', '0', '--nopreview', '--output', '-'];
// Only its complaints come through; they go to standard error.
const source = process.argv[2];
const camera = source
  ? undefined
  : spawn('rpicam-vid', ['--verbose', '0', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
const fail = (message) => {
  console.error(message);
  process.exitCode = 1;
};
camera?.on('error', (error) => fail(`rpicam-vid cannot be started: ${error.message}`));
camera?.on('exit', (code, signal) => stop.signal.aborted || fail(`rpicam-vid ended with ${signal ?? code}`));

let [skipped, seen] = [0, ''];
try {
  const options = { latest: true, onSkipped: () => skipped++, signal: stop.signal };
  const isAddress = source && source !== '-';
  for await (const frame of isAddress
    ? cameraFrames(source, options)
    : mjpegFrames(camera?.stdout ?? process.stdin, options)) {
    const start = performance.now();
    const [best] = await model.classify(frame, { topK: 1, signal: stop.signal });
    const latencyMs = performance.now() - start;
    if (best.label === seen) continue;
    seen = best.label;
    console.log(
      `${seen} ${(100 * best.probability).toFixed(1)} %  (${latencyMs.toFixed(1)} ms; ${skipped} frames passed over so far)`,
    );
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  camera?.kill();
  await model.dispose();
}
