import { describe, expect, it } from '@jest/globals';
import { HandlerDescriptions, RequestDescription } from './request-description.js';

describe('What describes a request', () => {
  it('is the same for the requests of a handler that are answered alike, and another for the others', () => {
    const descriptions = new HandlerDescriptions('ItemsController.find');
    const found = descriptions.of('GET', '/items/:id', 200);
    expect(descriptions.of('GET', '/items/:id', 200)).toBe(found);
    const all = [
      descriptions.of('GET', '/items/:id', 404),
      descriptions.of('HEAD', '/items/:id', 200),
      descriptions.of('GET', '/v2/items/:id', 200),
      descriptions.of('GET', '/items/:id', undefined),
    ];
    expect(all.map(({ stageName, attributes }) => [stageName, attributes['statusCode']])).toEqual([
      ['GET /items/:id', 404],
      ['HEAD /items/:id', 200],
      ['GET /v2/items/:id', 200],
      ['GET /items/:id', undefined],
    ]);
    expect(new Set([found, ...all]).size).toBe(5);
  });

  it('names a method that nobody knows as conventions do', () => {
    const { stageName, attributes } = new RequestDescription(undefined, 'BREW', 'unmatched', 404);
    expect(stageName).toBe('_OTHER unmatched');
    expect(attributes).toEqual({ method: '_OTHER', route: 'unmatched', statusCode: 404 });
  });

  it('is changed by nobody, because many records have it', () => {
    const { attributes } = new RequestDescription('A.b', 'GET', '/', 200);
    expect(() => Object.assign(attributes, { route: 'else' })).toThrow(TypeError);
  });
});
