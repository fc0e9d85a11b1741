export {
  GEN_AI_ATTRIBUTES,
  GEN_AI_METRICS,
  GEN_AI_VARIABLE,
  type GenAiAttributes,
  type GenAiFigure,
  type GenAiMetric,
  type GenAiNaming,
  genAiNamingIn,
  type GenAiSet,
  genAiSets,
} from './gen-ai-names.js';
export { type GenAiSpan, genAiSpanOf } from './gen-ai-span.js';
