export { LogSink, type LogWriter } from './log-sink.js';
export { traceMixin } from './trace-mixin.js';
