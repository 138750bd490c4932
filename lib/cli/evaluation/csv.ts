/** The rows of a CSV file (RFC 4180): fields may stand in quotes, which are doubled inside. Empty lines do not count. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|$)/y;
  field.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) break;
    const [, value = '', end] = match;
    row.push((value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value).trim());
    if (end === ',' && field.lastIndex < text.length) continue;
    if (end === ',') row.push('');
    if (row.some((one) => one !== '')) rows.push(row);
    row = [];
  }
  return rows;
}
