/** How the time of a process that ends is divided. */

/** After SIGTERM; whoever is still busy then is cut off. Supervisors of ours kill two seconds later. */
export const STOP_WITHIN_MS = 10_000;
/** What is under way may end by itself for this long; then it is told to end. */
export const PATIENCE_MS = 7_000;
const FOR_CLOSING_MS = 500;
/** What was told to end may take back what it has put in force for this long; what is left is undone by the next execution. */
export const UNDO_WITHIN_MS = STOP_WITHIN_MS - PATIENCE_MS - FOR_CLOSING_MS;
