/**
 * Exhaustive and random exploration of the decision cores, wired as the actors wire them: a small pool as a model whose every
 * interleaving is visited, and a larger one that random sequences walk.
 */
package dev.vivarium.internal.core.model;
