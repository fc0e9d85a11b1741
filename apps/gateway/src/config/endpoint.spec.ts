import { describe, expect, it } from '@jest/globals';
import { endpointsOf } from './endpoint.js';
import { Environment, StartError } from './environment.js';

type Variables = Record<string, string>;

const endpoints = (variables: Variables) => endpointsOf(new Environment(variables));
const OPENAI = { baseUrl: 'https://api.openai.com/v1', provider: 'openai', isOpenAi: true };
const LOCAL = { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1', OPENAI_MODEL: 'llama3' };

describe('the endpoints', () => {
  it.each<[string, Variables, object[]]>([
    ['are none by default', {}, []],
    ['are none with only a key, which may be there for other programs', { OPENAI_API_KEY: 'sk-1' }, []],
    [
      'are OpenAI with a model and a key',
      { OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'gpt-4o' },
      [{ ...OPENAI, apiKey: 'sk-1', model: 'gpt-4o' }],
    ],
    [
      'are a server of your own with its address and a model, without any key',
      LOCAL,
      [
        {
          baseUrl: 'http://127.0.0.1:11434/v1',
          provider: 'openai_compatible',
          apiKey: undefined,
          model: 'llama3',
        },
      ],
    ],
    [
      'have the name that they are given, for prices and metrics',
      { ...LOCAL, OPENAI_PROVIDER: 'groq' },
      [{ provider: 'groq' }],
    ],
    [
      'are no OpenAI for being called so, and speak as others do',
      { ...LOCAL, OPENAI_PROVIDER: 'openai' },
      [{ provider: 'openai', isOpenAi: false }],
    ],
    [
      'are the same server with another model to fall back on',
      { OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'gpt-4o', OPENAI_FALLBACK_MODEL: 'gpt-4o-mini' },
      [{ model: 'gpt-4o' }, { ...OPENAI, apiKey: 'sk-1', model: 'gpt-4o-mini' }],
    ],
    [
      'are another server to fall back on, which does not get the key of the first',
      {
        OPENAI_API_KEY: 'sk-1',
        OPENAI_FALLBACK_BASE_URL: 'http://b/v1',
        OPENAI_FALLBACK_MODEL: 'm',
        OPENAI_MODEL: 'n',
      },
      [{ apiKey: 'sk-1' }, { baseUrl: 'http://b/v1', apiKey: undefined, provider: 'openai_compatible' }],
    ],
  ])('%s', (_, variables, expected) => {
    const found = endpoints(variables);
    expect(found).toHaveLength(expected.length);
    expect(found).toMatchObject(expected);
  });

  it.each<[string, Variables, string]>([
    ['an address without a model', { OPENAI_BASE_URL: 'http://a/v1' }, 'OPENAI_BASE_URL needs OPENAI_MODEL'],
    ['a name without a model', { OPENAI_PROVIDER: 'vllm' }, 'OPENAI_PROVIDER needs OPENAI_MODEL'],
    ['OpenAI without a key', { OPENAI_MODEL: 'gpt-4o' }, 'needs OPENAI_API_KEY'],
    [
      'a fallback address without a model',
      { ...LOCAL, OPENAI_FALLBACK_BASE_URL: 'http://b/v1' },
      'OPENAI_FALLBACK_BASE_URL needs OPENAI_FALLBACK_MODEL',
    ],
    [
      'a fallback key without a model',
      { ...LOCAL, OPENAI_FALLBACK_API_KEY: 'sk-2' },
      'OPENAI_FALLBACK_API_KEY needs OPENAI_FALLBACK_MODEL',
    ],
    [
      'a fallback of nothing',
      { OPENAI_FALLBACK_BASE_URL: 'http://b/v1', OPENAI_FALLBACK_MODEL: 'm' },
      'OPENAI_FALLBACK_MODEL needs OPENAI_MODEL',
    ],
    [
      'no URL',
      { ...LOCAL, OPENAI_BASE_URL: 'localhost:11434' },
      'must be a URL that starts with http:// or https://',
    ],
    ['an empty model', { ...LOCAL, OPENAI_MODEL: ' ' }, 'OPENAI_MODEL must not be empty'],
    [
      'a name that is no label',
      { ...LOCAL, OPENAI_PROVIDER: 'My vLLM' },
      'OPENAI_PROVIDER must be 1 to 64 of',
    ],
  ])('refuse %s, naming the variable and the rule', (_, variables, message) => {
    expect(() => endpoints(variables)).toThrow(StartError);
    expect(() => endpoints(variables)).toThrow(message);
  });

  it.each<[string, Variables]>([
    ['a key with a line break', { ...LOCAL, OPENAI_API_KEY: 'sk-secret\n' }],
    ['an empty key', { ...LOCAL, OPENAI_API_KEY: '' }],
    ['a password in the address', { ...LOCAL, OPENAI_BASE_URL: 'http://me:sk-secret@host/v1' }],
    ['a key as the address', { ...LOCAL, OPENAI_BASE_URL: 'ftp://sk-secret@host/v1' }],
  ])('refuse %s without telling it', (_, variables) => {
    expect(() => endpoints(variables)).toThrow(/^OPENAI_(API_KEY|BASE_URL) must/);
    expect(() => endpoints(variables)).not.toThrow('sk-secret');
  });
});
