/** No thread could do some work now: none was free in time, or it was lost. It may be done a moment later. */
export class ThreadsUnavailable extends Error {
  override readonly name = 'ThreadsUnavailable';
  readonly reason: 'busy' | 'lost';
  constructor(reason: 'busy' | 'lost') {
    super(reason === 'busy' ? 'no thread was free in time' : 'a thread was lost at its work');
    this.reason = reason;
  }
}
