/**
 * A model's files: safetensors under timm's or transformers' tensor names, {@code config.json} of both hubs, labels.
 * {@link leanvit.vit.weights.Checkpoint} is the way in.
 */
package leanvit.vit.weights;
