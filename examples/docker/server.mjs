// Classifies the pictures that it is sent: curl --data-binary @photo.jpg http://127.0.0.1:8080/
import { createServer } from 'node:http';
import { GhostNetError, load } from 'ghostnet';

const mostBytes = 32 * 1024 * 1024;
const model = await load(process.env.MODEL || undefined); // default: the model in the box

/** The request's body; undefined where it is larger than any photograph: then it is read to its end and not kept. */
async function bodyOf(request) {
  const pieces = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length <= mostBytes) pieces.push(piece);
    else pieces.length = 0;
  }
  return length <= mostBytes ? Buffer.concat(pieces) : undefined;
}

/** Status and answer. A client that has gone is not worked for. */
async function answer(request, signal) {
  if (request.method === 'GET' && request.url === '/health') return [200, { model: model.config.architecture }];
  if (request.method !== 'POST' || request.url !== '/') return [404, { error: 'POST a picture to /' }];
  const picture = await bodyOf(request);
  if (!picture) return [413, { error: `a picture has at most ${mostBytes} bytes` }];
  try {
    return [200, await model.classify(picture, { topK: 5, signal })];
  } catch (error) {
    if (error instanceof GhostNetError && error.code === 'ERR_GHOST_IMAGE') return [400, { error: error.message }];
    throw error;
  }
}

const server = createServer(async (request, response) => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const [status, body] = await answer(request, gone.signal).catch((error) => {
    if (!gone.signal.aborted) console.error(error);
    return [500, { error: 'the picture could not be classified' }];
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});
server.listen(Number(process.env.PORT ?? 8080), () =>
  console.log(`${model.config.architecture} listens on port ${server.address().port}`),
);

for (const name of ['SIGINT', 'SIGTERM'])
  process.once(name, () => {
    server.close(() => model.dispose());
    server.closeIdleConnections();
  });
