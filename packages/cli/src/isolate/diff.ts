const contextLines = 3;

/** Beyond so many pairs of lines nothing is compared line by line: such a file is shown as a whole. */
const pairsMax = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * What changes from one text to another, as diff -u shows it.
 *
 * @param before undefined: there is no file
 * @param after undefined: there will be none
 * @param name of the file
 * @returns lines without their ends; none where nothing changes
 */
export function unifiedDiff(before: string | undefined, after: string | undefined, name: string): readonly string[] {
  const lines = compare(linesOf(before), linesOf(after));
  const shown = lines.map((_, index) => isNearChange(lines, index));
  if (!shown.includes(true)) return [];
  const result = [`--- ${before === undefined ? '/dev/null' : name}`, `+++ ${after === undefined ? '/dev/null' : name}`];
  const at = { before: 1, after: 1 };
  lines.forEach((line, index) => {
    if (shown[index] === true) {
      if (shown[index - 1] !== true) result.push(`@@ -${String(at.before)} +${String(at.after)} @@`);
      result.push(line.mark + line.text);
    }
    if (line.mark !== '+') at.before += 1;
    if (line.mark !== '-') at.after += 1;
  });
  return result;
}

function linesOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : `${text}\n\\ no end of line`).split('\n');
}

function isNearChange(lines: readonly Line[], index: number): boolean {
  return lines.slice(Math.max(0, index - contextLines), index + contextLines + 1).some(({ mark }) => mark !== ' ');
}

/** By the longest common subsequence: the files are small. */
function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  if (before.length * after.length > pairsMax) return [...before.map(removed), ...after.map(added)];
  const common = commonLengths(before, after);
  const width = after.length + 1;
  const lines: Line[] = [];
  let [one, other] = [0, 0];
  while (one < before.length || other < after.length) {
    const [left, right] = [before[one], after[other]];
    if (left !== undefined && left === right) {
      lines.push({ mark: ' ', text: left });
      one += 1;
      other += 1;
    } else if (
      right === undefined ||
      (left !== undefined && at(common, (one + 1) * width + other) >= at(common, one * width + other + 1))
    ) {
      lines.push(removed(left ?? ''));
      one += 1;
    } else {
      lines.push(added(right));
      other += 1;
    }
  }
  return lines;
}

/** How many lines the rests of both have in common, for each pair of places. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  for (let one = before.length - 1; one >= 0; one -= 1) {
    for (let other = after.length - 1; other >= 0; other -= 1) {
      common[one * width + other] =
        before[one] === after[other]
          ? at(common, (one + 1) * width + other + 1) + 1
          : Math.max(at(common, (one + 1) * width + other), at(common, one * width + other + 1));
    }
  }
  return common;
}

function at(values: Uint32Array, index: number): number {
  return values[index] ?? 0;
}

function removed(text: string): Line {
  return { mark: '-', text };
}

function added(text: string): Line {
  return { mark: '+', text };
}
