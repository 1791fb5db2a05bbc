/** Topic filters as MQTT knows them [MQTT 5, 4.7.1]: a broker answers a wrong one by ending the connection, and says little. */

/** For editors. */
export const topicFilterPattern = '^(#|([^#+/]*|\\+)(/([^#+/]*|\\+))*(/#)?)$';

/** What is wrong with a filter; undefined where nothing is. */
export function topicFilterProblem(filter: string): string | undefined {
  const levels = filter.split('/');
  if (levels.slice(0, -1).includes('#'))
    return "has levels behind '#', which stands for all that are below; end it there";
  const mixed = levels.find((level) => level.length > 1 && /[#+]/.test(level));
  if (mixed !== undefined) return `has '${mixed}' as a level; '+' and '#' stand for whole levels`;
  if (filter.includes('\0')) return 'holds a zero byte';
  return undefined;
}
