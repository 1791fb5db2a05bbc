/** What the board calls itself, and the power mode that a Jetson is in. */
import { known, quoted, type Reading, unknown } from './reading.js';
import type { Tree } from './tree.js';

/** What firmware writes where nobody filled in a name. */
const NO_NAME =
  /^(|to be filled by o\.?e\.?m\.?|system product name|default string|not specified|none|unknown|o\.?e\.?m\.?)$/i;

/** From the device tree, else from what a PC's firmware tells (DMI). */
export function boardModel(tree: Tree): Reading<string> {
  const places = ['proc/device-tree/model', 'sys/firmware/devicetree/base/model'];
  for (const file of places) {
    const name = cleaned(tree.text(file).text);
    if (name !== null) return known(name, `/${file}`);
  }
  const model = /^Model[ \t]*:(.*)$/m.exec(tree.once('proc/cpuinfo').text ?? '')?.[1];
  if (model !== undefined && cleaned(model) !== null) return known(cleaned(model) ?? '', '/proc/cpuinfo Model');
  const dmi = 'sys/class/dmi/id';
  const product = cleaned(tree.text(`${dmi}/product_name`).text);
  if (product === null) return unknown(`neither /${places[0]} nor /${dmi}/product_name names it`);
  const vendor = cleaned(tree.text(`${dmi}/sys_vendor`).text);
  const name = vendor === null || product.startsWith(vendor) ? product : `${vendor} ${product}`;
  return known(name, `/${dmi}/product_name`);
}

/** Device trees end their texts with a zero byte. */
function cleaned(text: string | null): string | null {
  const name = (text ?? '').replaceAll('\0', ' ').replace(/\s+/g, ' ').trim().slice(0, 200);
  return NO_NAME.test(name) ? null : name;
}

const STATUS = 'var/lib/nvpmodel/status';
const CONFIGURATION = 'etc/nvpmodel.conf';

/** Number and name of the mode, as nvpmodel keeps them: `0 MAXN`. */
export function jetsonPowerMode(tree: Tree): Reading<string> {
  const { text, problem } = tree.text(STATUS);
  if (text === null) return unknown(problem);
  const id = /^pmode:0*(\d{1,4})\b/m.exec(text)?.[1];
  if (id === undefined) return unknown(`/${STATUS} ${quoted(text)}`);
  const configuration = tree.text(CONFIGURATION).text ?? '';
  const name = new RegExp(`^<\\s*POWER_MODEL\\s+ID=0*${id}\\s+NAME=(\\S+)\\s*>`, 'm').exec(configuration)?.[1];
  return name === undefined
    ? known(id, `/${STATUS}`)
    : known(`${id} ${name}`, `/${STATUS}, named in /${CONFIGURATION}`);
}
