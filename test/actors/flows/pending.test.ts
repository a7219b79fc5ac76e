/** Every row that is named and not built yet. Building one takes it off this list. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { activeFlow } from '../../../actors/flows/active.ts';
import { deletingFlow } from '../../../actors/flows/deleting.ts';
import { destroyingFlow } from '../../../actors/flows/destroying.ts';
import { pausedFlow } from '../../../actors/flows/paused.ts';

test('the rows that are still to be built', () => {
  const pending = [activeFlow, pausedFlow, deletingFlow, destroyingFlow].flatMap((rows) =>
    rows.flatMap((row) => ('pending' in row ? [`${row.number} ${row.name}: ${row.pending}`] : [])),
  );
  assert.equal(pending, []);
});

test.run();
