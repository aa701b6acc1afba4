/** The Vision Transformer: model, token batch, classifier, cost. */
package leanvit.vit;
