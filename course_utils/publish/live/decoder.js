"use strict";

/** What the live figures share. models: name -> Live.Decoder, filled by the scripts that hold the weights. */
window.Live = { models: {} };

{
  /**
   * A decoder made of matrix products: codes to images.
   *
   * It reads a safetensors file: 8 bytes with the length of a JSON header, the header (for each tensor its type, shape
   * and place), then the numbers, little-endian. A tensor of whole numbers (I8) belongs to one of scales, of the same
   * name and ".scale", one scale a row: a weight is their product.
   */
  Live.Decoder = class {
    /** base64: the file. about: what the figure has to know (see models.py). */
    constructor(base64) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
      const numbers = (name) => {
        const { dtype, data_offsets } = header[name];
        const part = bytes.slice(start + data_offsets[0], start + data_offsets[1]).buffer;
        return READ[dtype](part);
      };
      const { layers, about } = header.__metadata__;
      this.about = JSON.parse(about);
      this.layers = JSON.parse(layers).map(({ weight, bias, activation }) => {
        const [nOut, nIn] = header[weight].shape;
        const scale = `${weight}.scale` in header ? numbers(`${weight}.scale`) : null;
        const matrix = Float32Array.from(numbers(weight), (w, i) => (scale ? w * scale[Math.floor(i / nIn)] : w));
        return { matrix, bias: numbers(bias), nIn, nOut, activation };
      });
    }

    /** The image at code z (an array of numbers): pixels in [0, 1], row by row, as a Float32Array. */
    decode(z) {
      return this.layers.reduce(apply, z);
    }
  };

  /** The numbers of a tensor from its bytes (an ArrayBuffer), by the name of its type. */
  const READ = {
    I8: (bytes) => new Int8Array(bytes),
    F16: (bytes) => halves(new Uint16Array(bytes)),
    F32: (bytes) => new Float32Array(bytes),
  };

  /** Numbers in half precision, given as their 16 bits: 1 for the sign, 5 for the exponent, 10 for the fraction. */
  function halves(bits) {
    const powers = Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));
    return Float32Array.from(bits, (b) => {
      const exponent = (b >> 10) & 31;
      const value = powers[exponent] * ((b & 1023) + (exponent ? 1024 : 0));
      return b & 0x8000 ? -value : value;
    });
  }

  /** One layer: activation(matrix x + bias). */
  function apply(x, { matrix, bias, nIn, nOut, activation }) {
    const y = new Float32Array(nOut);
    for (let row = 0, i = 0; row < nOut; row++) {
      let sum = bias[row];
      for (let column = 0; column < nIn; column++, i++) sum += matrix[i] * x[column];
      y[row] = activation === "relu" ? Math.max(0, sum) : 1 / (1 + Math.exp(-sum));
    }
    return y;
  }
}
