import 'reflect-metadata';
import { describe, expect, it, jest } from '@jest/globals';
import { currentStage } from './context/context.js';
import { Tracking } from './testing/tracking.js';
import { TrackStage } from './track-stage.js';

const HANDLE = Symbol('handle');

const MARK = { roles: ['admin'] };

/** Sets Reflect metadata, as Nest's @Get or @Roles do. */
function Marked(key: string): MethodDecorator {
  return (_target, _key, descriptor) => {
    Reflect.defineMetadata(key, MARK, descriptor.value as object);
  };
}

class Base {
  @TrackStage('BASE')
  greet(name: string): string {
    return `hello ${name}`;
  }
}

class Service extends Base {
  readonly #secret = 'secret';

  @TrackStage('GREET')
  override greet(name: string): string {
    return `${super.greet(name)}!`;
  }

  @TrackStage('STATIC')
  static create(): Service {
    return new this();
  }

  @TrackStage('SYMBOL')
  [HANDLE](): symbol {
    return HANDLE;
  }

  @TrackStage('PRIVATE')
  reveal(): string {
    return this.#secret;
  }

  @TrackStage('ARGS')
  count(_first = 'default', ..._rest: unknown[]): number {
    return arguments.length;
  }

  @TrackStage('DEFAULTS')
  withDefault(name: string, greeting = 'hi'): string {
    return `${greeting} ${name}`;
  }

  @TrackStage('THIS')
  self(): unknown {
    return this;
  }

  @Marked('above')
  @TrackStage('MARKED')
  @Marked('below')
  marked(one: number, two: number): number {
    return one + two;
  }

  @TrackStage('OUTER')
  @TrackStage('INNER')
  twice(): string | undefined {
    return currentStage()?.stageId;
  }
}

function inTrace(fn: () => void): string {
  const tracking = new Tracking();
  tracking.run(fn);
  return tracking.tree;
}

describe('@TrackStage keeps', () => {
  it('the name and the number of parameters', () => {
    const { marked, count } = Service.prototype;
    expect([marked.name, marked.length, count.name, count.length]).toEqual(['marked', 2, 'count', 0]);
    expect(Service.prototype[HANDLE].name).toBe('[handle]');
  });

  it('metadata that was set below it and metadata that is set above it, by reference', () => {
    const { marked } = Service.prototype;
    expect(Reflect.getMetadata('below', marked)).toBe(MARK);
    expect(Reflect.getMetadata('above', marked)).toBe(MARK);
  });

  it('the parameter types that Nest reads', () => {
    const types = Reflect.getMetadata('design:paramtypes', Service.prototype, 'marked') as unknown;
    expect(types).toEqual([Number, Number]);
  });

  it('own properties of the method, symbols and accessors included', () => {
    const tag = Symbol('tag');
    const original = Object.defineProperty(
      Object.assign(() => 1, { plain: 1, [tag]: 2 }),
      'computed',
      { get: () => 3 },
    );
    const descriptor = { value: original, writable: true, configurable: true, enumerable: false };
    TrackStage('A')({}, 'method', descriptor);
    expect(descriptor.value).not.toBe(original);
    const wrapper = descriptor.value as unknown as { plain: number; computed: number; [tag]: number };
    expect([wrapper.plain, wrapper.computed, wrapper[tag]]).toEqual([1, 3, 2]);
  });

  it('the descriptor as it was: not enumerable, and writable for mocks', () => {
    const descriptor = Object.getOwnPropertyDescriptor(Service.prototype, 'marked');
    expect(descriptor).toMatchObject({ enumerable: false, writable: true, configurable: true });
    const service = new Service();
    jest.spyOn(service, 'marked').mockReturnValue(7);
    expect(service.marked(1, 2)).toBe(7);
  });

  it('that a method cannot be called with new', () => {
    const { reveal } = Service.prototype;
    expect(() => new (reveal as unknown as new () => unknown)()).toThrow(TypeError);
    expect('prototype' in reveal).toBe(false);
  });
});

describe('a method with @TrackStage', () => {
  it('is a plain call outside every trace, on a class that a unit test makes itself', () => {
    const service = new Service();
    expect([service.greet('you'), service.reveal(), service.twice()]).toEqual([
      'hello you!',
      'secret',
      undefined,
    ]);
  });

  it.each<[string, (service: Service) => unknown, unknown, string]>([
    ['static', () => Service.create() instanceof Service, true, 'ROOT(STATIC)'],
    ['overridden and called by super', (service) => service.greet('you'), 'hello you!', 'ROOT(GREET(BASE))'],
    ['under a symbol', (service) => service[HANDLE](), HANDLE, 'ROOT(SYMBOL)'],
    ['with private fields', (service) => service.reveal(), 'secret', 'ROOT(PRIVATE)'],
    ['decorated twice', (service) => service.twice(), 'INNER', 'ROOT(OUTER(INNER))'],
  ])('may be %s', (_, call, value, tree) => {
    const service = new Service();
    expect(
      inTrace(() => {
        expect(call(service)).toBe(value);
      }),
    ).toBe(tree);
  });

  it.each([0, 1, 3])('sees %i arguments when it is called with so many', (given) => {
    const args = Array.from({ length: given }, (_, index) => String(index));
    inTrace(() => {
      expect(new Service().count(...args)).toBe(given);
    });
  });

  it('has its defaults for arguments that are missing or undefined', () => {
    const service = new Service();
    inTrace(() => {
      expect([
        service.withDefault('a'),
        service.withDefault('a', undefined),
        service.withDefault('a', 'yo'),
      ]).toEqual(['hi a', 'hi a', 'yo a']);
    });
  });

  it('has the `this` it is called with, also none', () => {
    const service = new Service();
    const { self } = service;
    const other = {};
    inTrace(() => {
      expect([service.self(), self.call(undefined as never), self.call(other as never)]).toEqual([
        service,
        undefined,
        other,
      ]);
    });
  });

  it('keeps calls apart that are recursive or run at the same time', async () => {
    class Recursive {
      @TrackStage('A')
      async a(depth: number): Promise<number> {
        await Promise.resolve();
        return depth === 0 ? 0 : this.b(depth);
      }

      @TrackStage('B')
      async b(depth: number): Promise<number> {
        const [left, right] = await Promise.all([this.a(depth - 1), this.a(0)]);
        return left + right + 1;
      }
    }
    const tracking = new Tracking();
    expect(await tracking.run(() => new Recursive().a(3))).toBe(3);
    expect(tracking.tree).toBe('ROOT(A(B(A(B(A(B(A A)) A)) A)))');
  });

  it('gets its attributes from the value and the arguments', async () => {
    class Cache {
      @TrackStage('LOOKUP', {
        kind: 'cache',
        metadata: { layer: 1 },
        name: 'Layer one',
        attributes: (value: string | undefined, key: string) => ({
          cache: 'l1',
          hit: value !== undefined,
          key,
        }),
      })
      async get(key: string): Promise<string | undefined> {
        return key === 'known' ? 'value' : undefined;
      }
    }
    const tracking = new Tracking();
    await tracking.run(() => new Cache().get('known'));
    expect(tracking.stage('LOOKUP')).toMatchObject({
      stageName: 'Layer one',
      kind: 'cache',
      metadata: { layer: 1 },
      attributes: { cache: 'l1', hit: true, key: 'known' },
    });
  });
});

describe('@TrackStage refuses at once', () => {
  const works = "@TrackStage('A') works on methods, and";
  const decorate = TrackStage('A') as unknown as (...args: unknown[]) => unknown;

  it.each<[string, unknown[], string]>([
    ['a getter', [{}, 'name', { get: () => 1 }], `${works} name is a getter`],
    ['a property', [{}, 'name', undefined], `${works} name is a getter`],
    ['a symbol property', [{}, HANDLE], `${works} Symbol(handle) is a getter`],
    ['a class', [Base], `${works} Base is a getter`],
    ['a standard field', [undefined, { kind: 'field', name: 'count' }], `${works} count is a getter`],
    ['a standard getter', [() => 1, { kind: 'getter', name: 'count' }], `${works} count is a getter`],
    ['a standard class', [Base, { kind: 'class', name: 'Base' }], `${works} Base is a getter`],
  ])('%s', (_, args, message) => {
    expect(() => decorate(...args)).toThrow(TypeError);
    expect(() => decorate(...args)).toThrow(message);
  });

  it.each(['', '__proto__', 'two words', 'a\n', '🎭', 'x'.repeat(10_240), 7, Symbol('s'), undefined])(
    'the id %p',
    (stageId) => {
      expect(() => TrackStage(stageId as string)).toThrow(TypeError);
      expect(() => TrackStage(stageId as string)).toThrow(/stage id/);
    },
  );

  it('a kind that does not exist', () => {
    expect(() => TrackStage('A', { kind: 'magic' as 'cache' })).toThrow(
      new TypeError(
        'stage A: kind must be one of request, stream, internal, cache, retrieval, provider, got magic',
      ),
    );
  });

  it('a followThenable that is neither true nor false', () => {
    expect(() => TrackStage('A', { followThenable: 'yes' as unknown as boolean })).toThrow(
      new TypeError('stage A: followThenable must be true or false, got yes'),
    );
  });
});

describe('@TrackStage as a standard decorator', () => {
  it('returns the tracked method, with name and length', () => {
    function method(this: { base: number }, value: number): number {
      return this.base + value;
    }
    const context = {
      kind: 'method',
      name: 'method',
      static: false,
      private: false,
    } as ClassMethodDecoratorContext;
    const wrapped = TrackStage('A')(method as (...args: never[]) => unknown, context) as typeof method;
    expect([wrapped.name, wrapped.length]).toEqual(['method', 1]);
    expect(
      inTrace(() => {
        expect(wrapped.call({ base: 1 }, 2)).toBe(3);
      }),
    ).toBe('ROOT(A)');
  });
});
