/**
 * Where these files can be read by whoever gets an alert. Put the address of your own copy here and run
 * `npm run monitoring`: runbook links of alerts and the dashboard's link to its documentation follow.
 */
export const REPOSITORY_URL = 'https://example.com/followspot';

/** The page with the runbook, from the repository's root. */
export const RUNBOOK_PAGE = 'docs/monitoring.md';

/** The section of the runbook that a heading opens, as Markdown viewers name it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
