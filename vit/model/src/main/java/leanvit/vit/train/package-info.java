/**
 * Training: optimisers, their schedule, clipping and averages over plain arrays, and checkpoints of runs that can be
 * taken up again. The same bits for every number of threads and for a run that was stopped and went on.
 */
package leanvit.vit.train;
