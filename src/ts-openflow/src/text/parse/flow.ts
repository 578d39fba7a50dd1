import type { MessageInputOf } from '../../message.js';
import { TextError } from '../../errors.js';
export function parseFlow(_text: string, _o: { version: 4 | 5 | 6 }): MessageInputOf<'FlowMod'> { throw new TextError('soon'); }
