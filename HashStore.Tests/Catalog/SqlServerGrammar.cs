using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace HashStore.Tests.Catalog;

/// <summary>The grammar of SQL Server 2019, as its own tools have it. It knows words, not tables: a wrong column name passes.</summary>
internal static class SqlServerGrammar
{
    /// <summary>What the grammar has against a script, line and column first; empty when it is well formed.</summary>
    internal static IReadOnlyList<string> Errors(string script)
    {
        // ADO.NET's sessions begin with QUOTED_IDENTIFIER ON.
        var parser = new TSql150Parser(initialQuotedIdentifiers: true);
        using var reader = new StringReader(script);
        parser.Parse(reader, out var errors);
        return [.. errors.Select(error => $"{error.Line}:{error.Column} {error.Message}")];
    }
}
