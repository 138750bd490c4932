// Fetches the repository that is its first argument, as the environment says, and prints what comes of it.
import { fetchModel } from '../../dist/hub/index.js';

const [repository, revision = 'main'] = process.argv.slice(2);
try {
  process.stdout.write(JSON.stringify(await fetchModel({ repository, revision })));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
}
