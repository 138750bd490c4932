// What package.json says of the place where the sources lie.

/**
 * `repository`, `bugs` and `homepage` for the address of a repository, as git or a browser knows it:
 * `https://host/owner/name`, with `git+` and `.git` or without, `ssh://git@host/owner/name` or `git@host:owner/name`.
 * Groups above the owner are fine.
 *
 * @param {string} address
 * @throws {Error} that says what is expected, if it is none
 */
export function repositoryFields(address) {
  const expected = `Expected a repository as https://github.com/OWNER/NAME, found "${address}".`;
  const text = address
    .trim()
    .replace(/^git\+/, '')
    .replace(/^git@([\w.-]+):(?!\/)/, 'ssh://git@$1/');
  if (!URL.canParse(text)) throw new Error(expected);
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const isPlain =
    port === '' &&
    password === '' &&
    search === '' &&
    hash === '' &&
    (username === '' || (username === 'git' && protocol === 'ssh:'));
  const names = pathname
    .replace(/\/$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  const isPath = names.length >= 2 && names.every((name) => /^[\w.-]*\w[\w.-]*$/.test(name));
  if (!['https:', 'ssh:'].includes(protocol) || !isPlain || !isPath || !/\.[a-z]{2,}$/i.test(hostname))
    throw new Error(expected);
  const page = `https://${hostname.toLowerCase()}/${names.join('/')}`;
  return {
    repository: { type: 'git', url: `git+${page}.git` },
    bugs: { url: `${page}/issues` },
    homepage: `${page}#readme`,
  };
}
