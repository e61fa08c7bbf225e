"""Packages with portable custom interactions, good and bad, for tests."""

from __future__ import annotations

import io
import json
import zipfile

from tests.assessment.bank import CORRECT, NS

# A counter in the way of PCI 1.0: AMD, a relative helper, a text by plugin, a state of its own.
COUNTER = """
define(['qtiCustomInteractionContext', 'words', './helper', 'text!modules/view.html'],
function (context, words, helper, view) {
  context.register({
    typeIdentifier: 'urn:counter',
    getInstance: function (dom, configuration, state) {
      var name = Object.keys(configuration.boundTo)[0];
      var bound = configuration.boundTo[name].base;
      var count = state ? state.count : bound ? bound.integer : 0;
      var steps = state ? state.steps : 0;
      dom.querySelector('.place').innerHTML = view;
      var button = dom.querySelector('button');
      button.textContent = configuration.properties.buttonText + words.sign;
      var draw = function () { dom.querySelector('output').textContent = count + '/' + steps; };
      button.disabled = configuration.status !== 'interacting';
      button.addEventListener('click', function () {
        count = helper.next(count, Number(configuration.properties.step)); steps += 1; draw();
      });
      draw();
      var instance = {
        getResponse: function () { return {base: {integer: count}}; },
        getState: function () { return {count: count, steps: steps}; },
        checkValidity: function () { return count < 100; },
        getCustomMessage: function () { return 'Слишком много'; },
        oncompleted: function () {}
      };
      configuration.onready(instance);
    }
  });
});
"""
FILES = {
    "items/modules/counter.js": COUNTER,
    "items/modules/helper.js": (
        "define(function (require, exports) {"
        " exports.next = function (n, by) { return n + by; }; });"
    ),
    "items/modules/view.html": "<button></button> <output></output>",
    "items/modules/lib/words.js": "define([], {sign: ' ➕'});",
    "items/modules/module_resolution.js": json.dumps({"paths": {"words": "modules/lib/words"}}),
    "items/style/counter.css": "output { font-weight: bold }",
}

# Everything a hostile module may try; what came of it goes into its response.
HOSTILE = """
define(['qtiCustomInteractionContext'], function (context) {
  context.register({
    typeIdentifier: 'urn:counter',
    getInstance: function (dom, configuration) {
      var got = [];
      var attempt = function (name, work) {
        try { if (work()) got.push(name); } catch (error) { }
      };
      attempt('parent', function () { return parent.document.title; });
      attempt('top', function () { return top.location.href; });
      attempt('leave', function () { top.location = 'https://evil.example/'; return false; });
      attempt('cookie', function () { return document.cookie; });
      attempt('storage', function () { return localStorage; });
      attempt('base', function () { return indexedDB.open('x'); });
      attempt('window', function () { return window.open('/cabinet/'); });
      attempt('eval', function () { return eval('1'); });
      attempt('alert', function () { alert('x'); return false; });
      attempt('worker', function () {
        return new Worker(URL.createObjectURL(new Blob(['1']))) && false;
      });
      attempt('form', function () {
        dom.innerHTML = '<form action="/account/logout/" method="post"><button></button></form>';
        dom.querySelector('form').submit(); return false;
      });
      var image = new Image();
      image.onload = function () { got.push('image'); };
      image.src = ADDRESS + '/ui/icon.png?leak';
      var script = document.createElement('script');
      script.onload = function () { got.push('script'); };
      script.src = ADDRESS + '/static/ui/manifest.json';
      document.head.append(script);
      fetch(ADDRESS + '/cabinet/').then(function () { got.push('fetch'); }, function () {});
      navigator.sendBeacon && navigator.sendBeacon(ADDRESS + '/healthz', 'x');
      parent.postMessage({pci: 'response', response: {evil: 1}}, '*');
      parent.postMessage({pci: 'response', response: {base: {integer: 7}, list: {}}}, '*');
      parent.postMessage({pci: 'response', response: {base: {string: 'x'.repeat(90000)}}}, '*');
      parent.postMessage({pci: 'height', height: 1e9}, '*');
      parent.postMessage('no object', '*');
      setTimeout(function () {
        dom.innerHTML = '<output id="got"></output>';
        dom.querySelector('output').textContent = 'got:' + got.join(',');
      }, 1500);
      configuration.onready({getResponse: function () { return {base: {integer: 1}}; }});
    }
  });
});
"""
LOOP = """
define(['qtiCustomInteractionContext'], function (context) {
  context.register({typeIdentifier: 'urn:counter', getInstance: function (dom, configuration) {
    configuration.onready({getResponse: function () { return {base: {integer: 1}}; }});
    setTimeout(function () { for (;;) {} }, 300);
  }});
});
"""
FLOOD = LOOP.replace(
    "for (;;) {}", "for (var n = 0; n < 5000; n++) parent.postMessage({pci: 'pong'}, '*')"
)
BROKEN = "define([], function () { throw new Error('no'); });"


def item(identifier: str = "pci") -> str:
    return f"""<qti-assessment-item {NS} identifier="{identifier}" title="Счётчик"
      time-dependent="false" xml:lang="ru">
      <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="integer">
        <qti-correct-response><qti-value>6</qti-value></qti-correct-response>
      </qti-response-declaration>
      <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
        normal-maximum="1"/>
      <qti-item-body><p>Дойдите до шести.</p>
        <qti-portable-custom-interaction response-identifier="RESPONSE" module="counter"
          custom-interaction-type-identifier="urn:counter" data-button-text="Ещё" data-step="2">
          <qti-interaction-modules primary-configuration="modules/module_resolution.js">
            <qti-interaction-module id="counter" primary-path="modules/counter"/>
          </qti-interaction-modules>
          <qti-stylesheet href="style/counter.css" type="text/css"/>
          <qti-interaction-markup><div class="place"></div></qti-interaction-markup>
        </qti-portable-custom-interaction></qti-item-body>
      <qti-response-processing template="{CORRECT}"/></qti-assessment-item>"""


def package(module: str = COUNTER) -> bytes:
    """A ZIP without a manifest's list of the helpers, as authors hand in."""
    files = {**FILES, "items/modules/counter.js": module, "items/pci.xml": item()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()
