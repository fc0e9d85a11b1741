import type { Browser, Page } from 'playwright-core';

/** How a stream is going, as the page says. */
export type PageState =
  'streaming' | 'completed' | 'stopped' | 'reconnecting' | 'restarted' | 'shutdown' | 'refused' | 'failed';

/** A row of the waterfall. */
export interface StageRow {
  readonly stageId: string | null;
  readonly duration: string;
  readonly title: string | null;
  readonly outcome: string | null;
  /** In pixels. */
  readonly bar: { readonly from: number; readonly to: number };
}

/** The search page in a browser, by what a user sees of it. */
export class SearchPage implements AsyncDisposable {
  /** What should never be there: errors of the script, violations of the policy. */
  readonly complaints: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) this.complaints.push(message.text());
    });
  }

  static async open(browser: Browser, url: string): Promise<SearchPage> {
    const opened = new SearchPage(await browser.newPage());
    await opened.page.goto(url);
    return opened;
  }

  async ask(question: string): Promise<void> {
    await this.page.getByLabel('Your question').fill(question);
    await this.page.getByLabel('Your question').press('Enter');
  }

  /** Resolves when the page says so. */
  async reached(...states: readonly PageState[]): Promise<void> {
    const selectors = states.map((state) => `#status[data-state="${state}"]`);
    await this.page.locator(selectors.join(', ')).waitFor();
  }

  /** Resolves when the status reads like this. */
  async says(text: RegExp): Promise<void> {
    await this.page.getByRole('status').filter({ hasText: text }).waitFor();
  }

  /** Resolves when words of the answer are there. */
  async answering(): Promise<void> {
    await this.page.locator('#answer').filter({ hasText: /\S/ }).waitFor();
  }

  async answer(): Promise<string> {
    return ((await this.page.locator('#answer').textContent()) ?? '').trim();
  }

  sources(): Promise<string[]> {
    return this.page.locator('#sources li').allInnerTexts();
  }

  /** What has happened to the stream, a line each. */
  journal(): Promise<string[]> {
    return this.page.locator('#journal li').allInnerTexts();
  }

  /** The traces that tell of it, in the order in which they began. */
  traceIds(): Promise<string[]> {
    return this.page.locator('#journal a').allInnerTexts();
  }

  async stages(): Promise<StageRow[]> {
    const rows = await this.page.locator('#waterfall tr').all();
    return Promise.all(
      rows.map(async (row) => {
        const bar = row.locator('.bar');
        const box = await bar.boundingBox();
        return {
          stageId: await row.getAttribute('data-stage'),
          duration: await row.locator('td').last().innerText(),
          title: await row.getAttribute('title'),
          outcome: await bar.getAttribute('data-outcome'),
          bar: { from: box?.x ?? NaN, to: (box?.x ?? NaN) + (box?.width ?? NaN) },
        };
      }),
    );
  }

  /** Fails when the page has complained. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    if (this.complaints.length > 0) throw new Error(`the page complained: ${this.complaints.join('; ')}`);
  }
}
