/** How the learning rate goes over a run. */

/**
 * Share of the full learning rate at a step, counted from 0: rises evenly over the first `warmUp` share of the steps, then falls
 * evenly to zero, which the step after the last would have.
 */
export function warmUpThenFall(step: number, steps: number, warmUp: number): number {
  const rising = Math.floor(warmUp * steps);
  if (step < rising) return step / rising;
  return Math.max(0, (steps - step) / Math.max(1, steps - rising));
}
