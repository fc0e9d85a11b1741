import { describe, expect, it } from '@jest/globals';
import { prefersOpenMetrics } from './accept.js';

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
  'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('The format of a scrape', () => {
  it.each([
    PROMETHEUS_3,
    'application/openmetrics-text',
    'Application/OpenMetrics-Text; Version=1.0.0',
    'application/openmetrics-text;version=0.0.1,text/plain;q=0.5',
  ])('is OpenMetrics for %s', (accept) => {
    expect(prefersOpenMetrics(accept)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'text/plain',
    'text/html,application/xhtml+xml',
    'application/openmetrics-text;version=2.0.0',
    'application/openmetrics-text;q=0',
    'application/openmetrics-text;q=abc',
    'application/openmetrics-text;q=0.1,text/plain',
    ';;,,=;q',
  ])('is text for %p', (accept) => {
    expect(prefersOpenMetrics(accept)).toBe(false);
  });
});
