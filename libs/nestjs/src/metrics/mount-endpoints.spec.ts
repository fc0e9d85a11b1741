import { describe, expect, it } from '@jest/globals';
import type { HttpAdapterHost } from '@nestjs/core';
import { MountedEndpoints } from './mount-endpoints.js';

/** Asking Express 4 for the router by the name that it has in Express 5 is an error. */
function hostOfExpress4(...paths: string[]): HttpAdapterHost {
  const express = {
    _router: { stack: paths.map((path) => ({ route: { path } })) },
    get router(): never {
      throw new Error("'app.router' is deprecated!");
    },
  };
  const httpAdapter = { getType: () => 'express', getInstance: () => express };
  return { httpAdapter } as unknown as HttpAdapterHost;
}

const endpoint = { path: '/metrics', answer: () => Promise.resolve({ status: 200, body: '' }) };

describe('The endpoints of an application on Express 4', () => {
  it.each([[['/Metrics/']], [['/items']], [[]]])('are mounted beside routes like %j', (paths) => {
    const endpoints = new MountedEndpoints(hostOfExpress4(...paths), [endpoint]);
    expect(() => {
      endpoints.afterRoutes(() => Promise.resolve());
    }).not.toThrow();
  });
});
