import { BadRequestException, Injectable } from '@nestjs/common';
import { TrackStage } from '@followspot/nestjs';

const MAX_CHARACTERS = 1_000;
const EXAMPLE = '/search?q=how+can+I+log+JSON+with+pino';

@Injectable()
export class SearchInput {
  /**
   * The question, without the blanks around it.
   * @throws BadRequestException saying what is wrong with `q` and what is right.
   */
  @TrackStage('1.0_REQUEST_VALIDATION', {
    attributes: (question: string) => ({ characters: question.length }),
  })
  questionOf(query: unknown): string {
    const problem = problemWith(query);
    if (problem === undefined) return (query as string).trim();
    throw new BadRequestException(
      `q ${problem}. Ask once, as plain text of 1 to ${MAX_CHARACTERS.toLocaleString('en')} characters, such as ${EXAMPLE}`,
    );
  }
}

function problemWith(query: unknown): string | undefined {
  if (query === undefined) return 'is missing';
  if (Array.isArray(query)) return 'is given more than once';
  if (typeof query !== 'string') return 'is not plain text';
  if (query.trim() === '') return 'is empty';
  return query.length > MAX_CHARACTERS
    ? `is too long (${query.length.toLocaleString('en')} characters)`
    : undefined;
}
