import { describe, expect, it } from '@jest/globals';
import { readChunk } from './read-chunk.js';

const delta = (said: object): object => ({ choices: [{ delta: said }] });
const message = (said: object): object => ({ choices: [{ message: said }] });
const response = (item: object): object => ({ object: 'response', output: [item] });

describe('A tool call is content', () => {
  it.each<[string, object, string]>([
    ['of a function', delta({ tool_calls: [{ function: { name: 'find', arguments: '{}' } }] }), 'find{}'],
    ['of the older kind', delta({ function_call: { name: 'find', arguments: '{}' } }), 'find{}'],
    ['of a custom tool', delta({ tool_calls: [{ custom: { name: 'run', input: 'ls' } }] }), 'runls'],
    ['of which only the input goes on', delta({ tool_calls: [{ custom: { input: ' -l' } }] }), ' -l'],
    [
      'of each kind, as a whole',
      message({
        tool_calls: [
          { type: 'function', function: { name: 'find', arguments: '{}' } },
          { type: 'custom', custom: { name: 'run', input: 'ls' } },
        ],
      }),
      'find{}runls',
    ],
  ])('in chat completions: %s', (_, chunk, text) => {
    expect(readChunk(chunk)?.text).toBe(text);
  });

  it.each<[string, object, string]>([
    ['the name', { type: 'response.output_item.added', item: { name: 'run' } }, 'run'],
    ['arguments', { type: 'response.function_call_arguments.delta', delta: '{}' }, '{}'],
    ['the input of a custom tool', { type: 'response.custom_tool_call_input.delta', delta: 'ls' }, 'ls'],
    ['arguments for an MCP server', { type: 'response.mcp_call_arguments.delta', delta: '{}' }, '{}'],
    ['code to run', { type: 'response.code_interpreter_call_code.delta', delta: '1+1' }, '1+1'],
    ['a function, as a whole', response({ name: 'find', arguments: '{}' }), 'find{}'],
    ['a custom tool, as a whole', response({ name: 'run', input: 'ls' }), 'runls'],
    ['code, as a whole', response({ code: '1+1' }), '1+1'],
  ])('in responses: %s', (_, event, text) => {
    expect(readChunk(event)?.text).toBe(text);
  });
});
