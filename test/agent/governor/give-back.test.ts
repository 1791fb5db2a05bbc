/** Giving memory back. */
import test from 'ava';
import { giveBack } from '../../../agent/governor/give-back.js';

test('garbage is collected, the session opened anew, and the collector is not left lying about', async (t) => {
  let collected = 0;
  const registry = new FinalizationRegistry(() => {
    collected++;
  });
  for (let i = 0; i < 100; i++) registry.register({ number: i }, i);
  let reopened = 0;
  const given = await giveBack({
    reopen: async () => {
      reopened++;
      return { beside: false, loadMs: 20, pauseMs: 20 };
    },
  });
  for (let i = 0; i < 100 && collected === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10)); // finalisers run in tasks of their own
  t.is(reopened, 1);
  t.true(collected > 0);
  t.true(given.pauseMs >= 20);
  t.true((given.rssAnonAfterBytes ?? 1) > 0);
  t.false('gc' in globalThis);
});
