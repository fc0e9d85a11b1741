/** Names whose value is a secret, whatever it looks like; compared in lower case, without what is no letter or digit. */
const SECRET =
  /apikey|accesskey|privatekey|authorization|password|passwd|passphrase|secret|credential|cookie|signature|(?:tokens?|jwt|pwd)$|^(?:auth|bearer|pass|sig)$/;

/** Names whose value is what a person has typed. */
const QUERY_TEXT = /^(?:q|search|searchterms?|messages|input)$|(?:query|querytext|question|prompt)$/;

/** Longer names are nobody's. */
const LONGEST_NAME = 128;

/** Names are few, and each decision is remembered; beyond this many they are forgotten and made again. */
const MOST_NAMES = 1_000;

type Nature = 'plain' | 'secret' | 'tokens' | 'query text';

/** Decides by its name what a value is. */
export class SecretKeys {
  readonly #further: ReadonlySet<string>;
  readonly #hidesQueryText: boolean;
  readonly #forms = new Map<string, boolean>();
  readonly #known = new Map<string, Nature>();

  /**
   * @param further More names of secrets, compared in the same way.
   * @param showsQueryText Whether what people have typed may be shown.
   */
  constructor(further: readonly string[], showsQueryText: boolean) {
    this.#further = new Set(further.map(normalised));
    this.#hidesQueryText = !showsQueryText;
  }

  /** Whether the value of this key must not be shown. */
  hides(key: string, value: unknown): boolean {
    // A flag, such as `hasToken`, and a lack tell no secret.
    if (key === '' || value === undefined || value === null || typeof value === 'boolean') return false;
    const nature = this.#natureOf(key.length > LONGEST_NAME ? key.slice(0, LONGEST_NAME) : key);
    if (nature === 'plain') return false;
    // A model's tokens are counted; whatever else is a token is none of a reader's business.
    return nature === 'secret' || typeof value !== 'number';
  }

  /**
   * Whether any of these names hides a value.
   * @param form What the names are those of, always the same ones: it is asked of once.
   */
  hidesIn(form: string, fields: object): boolean {
    let hides = this.#forms.get(form);
    if (hides === undefined) {
      hides = Object.keys(fields).some((name) => this.hides(name, 'any text'));
      this.#forms.set(form, hides);
    }
    return hides;
  }

  #natureOf(key: string): Nature {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    const nature = this.#judge(normalised(key));
    this.#known.set(key, nature);
    return nature;
  }

  #judge(name: string): Nature {
    if (this.#further.has(name)) return 'secret';
    if (SECRET.test(name)) return name.endsWith('tokens') ? 'tokens' : 'secret';
    return this.#hidesQueryText && QUERY_TEXT.test(name) ? 'query text' : 'plain';
  }
}

function normalised(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
