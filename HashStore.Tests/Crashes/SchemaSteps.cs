using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HashStore.Tests.Crashes;

/// <summary>The steps of EF Core in this process: every command, and every commit, before it is done.</summary>
internal sealed class SchemaSteps : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private readonly Action step;

    private SchemaSteps(Action step) => this.step = step;

    internal static void Watch(Action step) => DiagnosticListener.AllListeners.Subscribe(new SchemaSteps(step));

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            value.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == RelationalEventId.CommandExecuting.Name || value.Key == RelationalEventId.TransactionCommitting.Name)
        {
            step();
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
