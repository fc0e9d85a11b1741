/** How many stages the route with stages has. */
export const STEPS = 10;

/** What the routes answer with: a small page of a list. */
export const ANSWER = {
  items: Array.from({ length: 5 }, (_, index) => ({
    id: index + 1,
    name: `item ${index + 1}`,
    isNew: index === 0,
  })),
  total: 5,
};

export interface Route {
  readonly path: string;
  readonly title: string;
  /** The body of the answer; what arrives is compared with it, byte by byte. */
  readonly body: string;
}

export const PLAIN: Route = { path: '/plain', title: 'without stages', body: JSON.stringify(ANSWER) };
export const STAGED: Route = {
  path: '/staged',
  title: `with ${STEPS} stages`,
  body: JSON.stringify({ ...ANSWER, done: STEPS }),
};
