/**
 * A model's files: safetensors under timm's or transformers' tensor names, {@code config.json} of both hubs, labels.
 * {@link leanvit.vit.weights.Checkpoint} is the way in; {@link leanvit.vit.weights.VitParameters} reads all of one to
 * change and save it: {@link leanvit.vit.weights.Parameters} are named slices of one array of floats.
 *
 * <pre>{@code
 * VitParameters model = VitParameters.read(Path.of("deit-tiny"));          // or random(config, ...), withClasses(...)
 * float[] values = model.parameters().values();
 * float[] gradients = model.parameters().zeros();
 * for (Parameter p : model.parameters().where(Parameter::decays)) {
 *     for (int i = p.offset(); i < p.end(); i++) { values[i] -= rate * gradients[i]; }
 * }
 * model.save(Path.of("tuned"), DType.F16);
 * VisionTransformer inference = VisionTransformer.of(model.config(), model.parameters());
 * }</pre>
 */
package leanvit.vit.weights;
