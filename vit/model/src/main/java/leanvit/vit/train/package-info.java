/**
 * Training: gradients of a model's loss; optimisers, their schedule, clipping and averages over plain arrays; and
 * checkpoints of runs that can be taken up again. The same bits for every number of threads and for a run that was
 * stopped and went on.
 *
 * <pre>{@code
 * VitParameters model = VitParameters.read(Path.of("deit-tiny"));
 * BatchGradients pass = new BatchGradients(model, 8).with(executor, threads);
 * float[] gradients = model.parameters().zeros();
 * double loss = pass.add(pixels, labels, 0.1f, gradients);       // mean cross-entropy, label smoothing 0.1
 * ... an optimiser's step on model.parameters().values() ...
 * pass.valuesChanged();
 * model.save(Path.of("tuned"), DType.F32);
 * }</pre>
 */
package leanvit.vit.train;
