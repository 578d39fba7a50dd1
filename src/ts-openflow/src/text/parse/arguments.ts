/** The arguments in the parentheses of an action. */
import { TextError } from '../../errors.js';
import { type Item, scan } from './scan.js';

/** The arguments one by one, with the columns they stand at. */
export const args = (item: Item): readonly Item[] => scan(item.value ?? '', item.valueColumn - 1);
/** The error for an argument that an action does not have. */
export const unknownArgument = (part: Item, of: string): TextError =>
  new TextError(`${of}: unknown argument "${part.key}"`, part.column);
